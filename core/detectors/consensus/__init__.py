"""The consensus: scores of many kinds, added up, refined, and cut where bona fide samples say so."""
