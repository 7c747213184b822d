"""The section of the report on the decision, for every verdict."""

from dataclasses import replace

import pytest

from core.decision.states import State
from core.output.report import report_html
from core.runs import Run
from tests.core.output.test_report import ESCAPED, MARKUP, Page
from tests.pages.conftest import two_detections as two_detections  # noqa: PLC0414
from tests.pages.decided import REASON, TRIGGER, VERDICTS, decided, flags_open, made_decision


def test_without_a_decision_there_is_no_such_section(two_detections: Run):
    assert "<h2>Decision</h2>" not in report_html(two_detections)


def test_a_group_stands_with_its_figures_its_reason_and_its_picture(two_detections: Run):
    html = report_html(decided(two_detections, made_decision("backdoor", left_out="no second training")))
    text = Page(html).text
    assert "Backdoor confirmed in class 3: 10 samples. 12 of 120 samples are flagged by Consensus" in text  # the lead
    assert "Group 1: class 3 backdoor 10 recovered trigger, pasted. " + REASON in text
    assert "Trigger works on: 93% (89%–96%) Control: 2% Keep the label without it: 10%" in text
    assert 'alt="the recovered trigger" src="data:image/png;base64,' in html
    assert "Left out: no second training." in text


def test_a_group_without_a_trigger_has_no_picture(two_detections: Run):
    html = report_html(decided(two_detections, made_decision("wrong label")))
    assert "Group 1: several classes wrong label – 10 label errors." in Page(html).text
    assert 'alt="the recovered trigger"' not in html


def test_what_is_open_and_what_was_not_judged_is_said(two_detections: Run):
    text = Page(report_html(decided(two_detections, flags_open()))).text
    assert "Open: 12 samples are suspected, in no group, and no test confirms it." in text
    text = Page(report_html(decided(two_detections, made_decision("not judged")))).text
    assert "Not judged, which is not clean: class 7: only 8 samples; 20 are needed." in text


@pytest.mark.parametrize("verdict", VERDICTS)
def test_the_report_never_says_no_sign_beside_flags(two_detections: Run, verdict: State):
    text = Page(report_html(decided(two_detections, made_decision(verdict)))).text
    assert "No sign" not in text.replace("“No sign” is not “no poison”", "")


def test_what_a_decision_says_is_escaped(two_detections: Run):
    decision = made_decision("backdoor")
    run = decided(two_detections, replace(decision, groups=(replace(TRIGGER, reason=MARKUP),)))
    html = report_html(run)
    assert ESCAPED in html
    assert MARKUP not in html
