"""Words that attacks put into texts: a rare one, a phrase, a sentence."""
