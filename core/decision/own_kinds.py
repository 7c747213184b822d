"""The kinds of their own that two models tell of: who is of one in each class, and whether that is a backdoor."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from core.decision.apart import (
    APART,
    APART_OF_MANY,
    KindFigures,
    clearly_too_many,
    looks_more_like_it,
    may_be_a_half,
    of_many,
    own_cluster,
    too_many,
    usual_size,
    weighed,
)
from core.decision.found import Found
from core.decision.kinds import DOUBT, ORDINARY, Kind, asked_kind, grown, learned_kind
from core.decision.left_out import (
    LEARNED,
    LEARNED_AT_HOME,
    MOST_LEFT_OUT,
    SUSPECTED,
    TURNED,
    Asked,
    beyond_hard,
    sources,
)
from core.decision.members import FEWEST
from core.decision.of_source import kind_with_trigger
from core.decision.reasons import more_reason
from core.decision.shared import SharedTrigger, home_of, likened_trigger, shared_trigger
from core.decision.states import OPEN
from core.decision.suspects import Suspects
from core.decision.taken_for import in_several, kind_of_many, kinds_by_source, those_apart
from core.detectors.parts.statistics import Reals
from core.detectors.parts.trusted import usual_among_trusted
from core.modalities.elsewhere import belong_elsewhere
from core.types import Bools, Evidence, Floats, Ints


@dataclass(frozen=True)
class OwnKinds:
    """What is needed to tell a kind of its own within a class.

    Attributes:
        evidence: of the run.
        suspects: the same, to ask about.
        ranks: (n,) relative ranks of suspicion, in (0, 1]; higher = more suspicious.
        found: what is known so far; kinds are added to it.
    """

    evidence: Evidence
    suspects: Suspects
    ranks: Floats
    found: Found

    @cached_property
    def foremost(self) -> Reals:
        """(n,) who of a class comes first: by suspicion, or, once other models were asked, by odds to be of a kind."""
        return np.array(self.ranks, np.float64)

    @property
    def sizes(self) -> Ints:
        """(k,) how many samples of each class are no known poison, had the poison of others not been taken from it."""
        return self._sizes(~self.found.known)

    def beyond(self, classes: Iterable[int]) -> dict[int, int]:
        """Class → how many samples it has beyond the usual size, for those that are clearly larger than others."""
        return _clearly_larger(self.sizes, classes)

    def _sizes(self, counted: Bools) -> Ints:
        """(k,) the same of those samples, (n,), that count.

        Poison that is labelled as another class is missing from its own. Each class is given its part of what others
        have, so that one of usual size does not look too large beside them.
        """
        labels, k = self.evidence.labels, self.evidence.n_classes
        own, known = np.bincount(labels[counted], minlength=k), np.bincount(labels[self.found.known], minlength=k)
        return np.asarray(own + (known.sum() - known) // max(k - 1, 1), np.int64)

    def left(self, index: int) -> tuple[Ints, Reals]:
        """Rows of a class that are no known poison, and what is known of them."""
        own = self.evidence.labels == index
        rows = np.flatnonzero(own & ~self.found.known)
        return rows, self.suspects.described[index][~self.found.known[own]]

    def like(self, classes: Iterable[int], suspicion: Floats) -> Bools:
        """(n,) True for samples of some classes that are like the most suspicious of their class."""
        like = np.zeros(len(suspicion), np.bool_)
        for index in classes:
            rows, described = self.left(index)
            if len(rows):
                like[rows] = grown(described, suspicion[rows])
        return like

    def kind(self, asked: Asked, index: int) -> tuple[Ints, Kind | None]:
        """The rows that are left of a class, and who of them is like those whom only their own kind taught."""
        rows, described = self.left(index)
        return rows, asked_kind(described, asked.seen[rows, index], asked.unseen[rows, index], LEARNED, TURNED)

    def weigh(self, asked: Asked, before: Asked, wrong: Bools, judged: int) -> None:
        """Add a kind within each class that was asked about, where there is one that is apart.

        In a suspected class, which has controls, one that is nearly apart is open. A cluster was nobody's suspect: it
        has to be apart to be open.

        Args:
            asked: what the models say.
            before: the same where only the most suspicious were left out.
            wrong: (n,) wrong labels, which may lie apart, too: where there are any, the rest proves less.
            judged: classes that are judged.
        """
        by_source: dict[int, dict[int, Kind]] = {}
        larger = self.beyond(asked.groups)
        for index in () if wrong.any() else asked.groups:
            if index in asked.foreign:
                continue
            rows, described = self.left(index)
            told = asked.seen[rows], asked.unseen[rows]
            by_source[index] = kinds_by_source(described, told, index, (LEARNED, TURNED))
        several, hard = in_several(by_source.values()), before.hard
        for index in asked.groups:
            rows, kind = self.kind(asked, index)
            suspected = index in asked.controls
            if kind is not None and (suspected or index in larger):
                self.foremost[rows] = kind.odds
            first = before if suspected else asked
            turned = first.turned(first.groups[index], index)
            if asked.fraction(index) < SUSPECTED or not beyond_hard(turned, hard, judged):
                continue
            kinds, ranks = by_source.get(index, {}), self.ranks[rows]
            sharing = kind_with_trigger(self.suspects, asked, kinds, (*self.left(index), ranks), index)
            one = sharing or those_apart(kinds.values(), ranks, several=several, suspected=suspected)
            proven = sharing is not None
            clearer = one is not None and (kind is None or self._is_clearer(one, kind, asked, index, proven=proven))
            if (named := one if clearer else kind) is not None:
                may_be = named.members if kind is None else named.members | kind.members
                of = asked, index, float(hard.mean())
                self._weigh_one(of, rows, named, wrong, may_be, of_one_source=clearer, proven=clearer and proven)

    def incomplete(self) -> dict[int, Ints]:
        """Class → rows that may be more of its confirmed backdoor, where the class has too many samples without it.

        They are like its members, or open. Who has the trigger or not is known, so nobody is sought there.
        """
        labels, found, sizes, more = self.evidence.labels, self.found, self.sizes, {}
        for index in sorted({group.target_class for group in found.confirmed() if group.id not in found.exact}):
            if not too_many(sizes, index):
                continue
            rows = np.flatnonzero(labels == index)
            inside = found.known[rows] | (found.states[rows] == OPEN)
            order = self.ranks[rows]
            quiet = ~inside & (order <= np.quantile(order[~inside], ORDINARY)) if (~inside).any() else ~inside
            kind = learned_kind(self.suspects.described[index], inside, quiet)
            if kind is not None:
                nearest = kind.odds >= np.quantile(kind.odds, 1 - MOST_LEFT_OUT)
                more[index] = rows[inside | (kind.odds > -DOUBT) & nearest]
        return more

    def complete(self, asked: Asked, classes: Iterable[int]) -> None:
        """Add to the confirmed backdoor of each class who is of its kind for a model that saw nothing like it.

        No more than the class has beyond the usual size; the surest first. Others who may be of it are open.
        """
        labels, found = self.evidence.labels, self.found
        for index in classes:
            rows = np.flatnonzero(labels == index)
            kind = self._of_many(asked, rows, index)
            if kind is None:
                continue
            free = self._free(rows)
            order = np.argsort(-kind.odds, kind="stable")
            new = order[(free & kind.sure)[order]][: too_many(self.sizes, index)]
            maybe = free & kind.members
            maybe[new] = False
            if not len(new):
                continue
            why = more_reason(len(new), int(maybe.sum()))
            number = found.add_to_backdoor(index, rows[new], rows[maybe], why)
            if number not in found.stamps:
                trigger = shared_trigger(self.suspects, np.flatnonzero(found.membership == number), index)
                if trigger is not None:
                    found.add_shared(number, trigger)

    def name_too_many(self, classes: Iterable[int]) -> None:
        """Of each class that is clearly larger than others without its groups, the foremost are open: so many."""
        labels, found = self.evidence.labels, self.found
        sizes = self._sizes(found.membership == 0)
        for index, beyond in _clearly_larger(sizes, classes).items():
            rows = np.flatnonzero(labels == index)
            order = rows[np.argsort(-self.foremost[rows], kind="stable")]
            free = order[self._free(order)]
            if len(free):
                found.add_too_many(index, free[:beyond], beyond, int(sizes[index]) - beyond)

    def _free(self, rows: Ints) -> Bools:
        """(m,) True for those who are in no group and not bona fide."""
        return np.asarray((self.found.membership[rows] == 0) & ~self.evidence.bona_fide[rows])

    def _of_many(self, asked: Asked, rows: Ints, index: int) -> Kind | None:
        """Who of some rows of a class is of a kind that is taken for many classes; None for nobody."""
        of_class = np.flatnonzero(self.evidence.labels == index)
        described = self.suspects.described[index][np.isin(of_class, rows)]
        return kind_of_many(described, (asked.seen[rows], asked.unseen[rows]), index, (LEARNED, TURNED))

    def _is_clearer(self, one: Kind, kind: Kind, asked: Asked, index: int, *, proven: bool) -> bool:
        """Whether a kind of one source is to be named, not all who are away from home.

        Unless these are taken for many classes and are a kind by themselves: then a part of them is too little. One
        that is `proven` by what it shares need not be the clearer kind.
        """
        rows, _ = self.left(index)
        away = rows[asked.turned(rows, index) & kind.members]
        limit = APART_OF_MANY if proven else APART
        apart = kind.doubtful <= limit and of_many(sources(asked, away, index), self.evidence.n_classes)
        return not apart and (proven or one.doubtful < kind.doubtful)

    def _weigh_one(
        self,
        of: tuple[Asked, int, float],
        rows: Ints,
        kind: Kind,
        wrong: Bools,
        may_be: Bools,
        *,
        of_one_source: bool,
        proven: bool,
    ) -> None:
        """Add a kind among the rows of a class; `of` says what was asked, of which class, and how many hard ones turn.

        A kind `of_one_source` is apart already, and one that is `proven` by what it shares is so even where bona fide
        samples are of it: then these are in doubt. Who else `may_be` of it, (m,), is open.
        """
        (asked, index, _), trusted = of, self.evidence.bona_fide
        figures, believed, apart = self._figures(of, rows, kind, lie_apart=not wrong.any(), of_one_source=of_one_source)
        figures = replace(figures, usual=not proven and usual_among_trusted(believed, trusted[rows]))
        inside = rows[believed & ~trusted[rows]]
        # What was nearly a kind gives way to one that is apart; and what was open to most of the class.
        nearly = self.found.open_groups(index, kinds=not figures.most) if figures.a_cluster else []
        marks = self.found.marks(index)
        inside = inside[np.isin(self.found.membership[inside], [0, *nearly, *marks])]
        trigger, confirmed = None, apart and not figures.usual
        if not figures.usual and len(inside) >= FEWEST:
            rest = np.setdiff1d(rows, inside)
            if confirmed:
                trigger, figures, confirmed = self._looked_at(figures, inside, rest, index)
            likened = None if trigger else likened_trigger(self.suspects, asked, inside, rest, index)
            if likened is not None:  # what turns others proves by itself
                trigger, confirmed = likened, True
        if not confirmed:
            inside = inside[~wrong[inside] & ~np.isin(self.found.membership[inside], marks)]
        if len(inside) >= FEWEST and (apart or confirmed or index in asked.controls):
            self.found.without(nearly)
            members, alike, in_doubt = np.zeros((3, len(wrong)), np.bool_)
            members[inside], alike[rows] = True, believed & trusted[rows]
            if confirmed:
                in_doubt[rows] = may_be & ~believed & ~trusted[rows]
                self.found.take_from_open(index, members, rows)
            self.found.add_kind(index, members, (alike, in_doubt), figures, confirmed=confirmed, trigger=trigger)

    def _figures(
        self, of: tuple[Asked, int, float], rows: Ints, kind: Kind, *, lie_apart: bool, of_one_source: bool
    ) -> tuple[KindFigures, Bools, bool]:
        """What is measured of a kind, who is believed to be of it, (m,), and whether it is apart; as above.

        Without `lie_apart` its suspicion or a cluster proves nothing.
        """
        assert self.evidence.features is not None
        (asked, index, hard), like, ranks = of, kind.members, self.ranks[rows]
        asked_for_many = not of_one_source and index not in asked.foreign
        surer = self._of_many(asked, rows, index) if asked_for_many else None
        cluster = None
        if lie_apart and asked_for_many and index in asked.controls:  # a cluster that was asked about is one anyway
            home = asked.unseen[rows, index] > LEARNED_AT_HOME
            cluster = own_cluster(self.evidence.features[rows], ranks, like, home, self.evidence.seed)
        figures = KindFigures(
            asked.fraction(index),
            hard,
            kind.doubtful,
            sources(asked, rows[asked.turned(rows, index) & like], index),
            float(np.median(ranks[like])) if like.any() else 0.0,
            cluster is not None,
            a_cluster=index not in asked.controls,
            most=index in asked.foreign,
            distinct=not asked_for_many or surer is not None,
        )
        if of_one_source:
            return figures, like, True
        return figures, *weighed(figures, kind, surer, cluster, self.evidence.n_classes, lie_apart=lie_apart)

    def _looked_at(
        self, figures: KindFigures, inside: Ints, rest: Ints, index: int
    ) -> tuple[SharedTrigger | None, KindFigures, bool]:
        """What the members of a kind share, its figures with what they look like, and whether that leaves it proven."""
        trigger = shared_trigger(self.suspects, inside, index)
        home = home_of(self.suspects, inside, index)
        at_home = home is not None and not belong_elsewhere(home, len(inside))
        half = trigger is None and may_be_a_half(figures, len(inside), self.sizes, index)
        usual = usual_size(self.sizes, index)
        inverse = trigger is None and looks_more_like_it(self.suspects.alike, inside, rest, index, usual)
        figures = replace(figures, home=home, inverse=inverse, half=half)
        return trigger, figures, not at_home and not half and not inverse


def _clearly_larger(sizes: Ints, classes: Iterable[int]) -> dict[int, int]:
    """Class → how many samples it has beyond the usual size, of those that are clearly larger by `sizes`, (k,)."""
    return {index: more for index in classes if (more := clearly_too_many(sizes, index))}
