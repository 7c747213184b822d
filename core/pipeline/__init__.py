"""One function per stage of the journey: what the pages, the command line, the benchmarks and the tests all call.

Nothing here computes over samples in the caller's process except the small steps that finish at once (import, planting,
verdicts); the rest is a run with a plan that a worker goes through.
"""

from core.pipeline.deciding import decide, decide_family, decide_flagged, pending_changes, relabel_suspects
from core.pipeline.demonstration import new_demo, wake, whole_demo
from core.pipeline.detecting import choose_rule, detect, group_again, plan_reclassification, start_detection
from core.pipeline.downloading import download_dataset, start_download
from core.pipeline.importing import finish_import, import_dataset, imported, start_import, store_demo
from core.pipeline.loading import Asked, carry_out, load_model, loaded_run, start_loading
from core.pipeline.planting import attack, specification_in, start_attack
from core.pipeline.previewing import (
    PreviewOf,
    forget_upload,
    job_named,
    keep_upload,
    preview_job,
    preview_source,
    start_preview,
)
from core.pipeline.recording import guarantee_listed, import_bona_fide, journal_file, journal_rows, write_journal
from core.pipeline.repairing import continued_epochs, new_repair, start_copy, trained_here
from core.pipeline.running import CORE_PLAN, extend, full_plan, measure_again, new_run, repeat, use_layer, work

__all__ = [
    "CORE_PLAN",
    "Asked",
    "PreviewOf",
    "attack",
    "carry_out",
    "choose_rule",
    "continued_epochs",
    "decide",
    "decide_family",
    "decide_flagged",
    "detect",
    "download_dataset",
    "extend",
    "finish_import",
    "forget_upload",
    "full_plan",
    "group_again",
    "guarantee_listed",
    "import_bona_fide",
    "import_dataset",
    "imported",
    "job_named",
    "journal_file",
    "journal_rows",
    "keep_upload",
    "load_model",
    "loaded_run",
    "measure_again",
    "new_demo",
    "new_repair",
    "new_run",
    "pending_changes",
    "plan_reclassification",
    "preview_job",
    "preview_source",
    "relabel_suspects",
    "repeat",
    "specification_in",
    "start_attack",
    "start_copy",
    "start_detection",
    "start_download",
    "start_import",
    "start_loading",
    "start_preview",
    "store_demo",
    "trained_here",
    "use_layer",
    "wake",
    "whole_demo",
    "work",
    "write_journal",
]
