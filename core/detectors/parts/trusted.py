"""Whether bona fide samples speak for a group: they are checked, not believed, as a few may be poison themselves."""

from scipy.stats import binom

from core.types import Bools

# Level of the test on bona fide samples that are like a group, and how often, beside others of the class, they may be.
LEVEL_OF_TRUST = 0.01
AS_OFTEN = 0.5
# Bona fide samples that a class has to have for that.
FEWEST_TRUSTED = 10
# Fraction of the bona fide samples of a class that may be poison themselves.
MOST_POISONED = 0.02


def usual_among_trusted(members: Bools, trusted: Bools, poisoned: float = 0.0) -> bool:
    """Whether bona fide samples of a class are like a group more than half as often as others: it is no poison, then.

    By the binomial distribution; of few bona fide samples nothing can be said.

    Args:
        members: (m,) samples of the class that are like the group.
        trusted: (m,) its bona fide samples.
        poisoned: the fraction of them that may be poison themselves, in [0, 1]; so many speak for no group.

    >>> import numpy as np
    >>> rows = np.arange(600)
    >>> usual_among_trusted(rows % 2 == 0, rows < 60), usual_among_trusted(rows > 60, rows < 60)
    (True, False)
    """
    if trusted.sum() < FEWEST_TRUSTED or trusted.all():
        return False
    expected = max(AS_OFTEN * float(members[~trusted].mean()), poisoned)
    return bool(binom.sf(int((members & trusted).sum()) - 1, int(trusted.sum()), expected) <= LEVEL_OF_TRUST)
