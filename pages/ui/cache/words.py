"""The terms of the field, each explained in a sentence or two where it appears; and text from outside."""

import re

_SPACE = re.compile(r"\s+")  # a line break would start a heading or a list
# What Markdown makes a link of by itself; no escape helps, but something unseen within does.
_LINK = re.compile(r"https?(?=\\:)|www(?=\.)", re.IGNORECASE)
_LIST = re.compile(r"^( ?\d*)([-+=.)])")

HELP = {
    "bona fide": "Bona fide samples are guaranteed to be clean. BaDLoss compares every other sample with them.",
    "silhouette": "The silhouette says how far apart two clusters are, from −1 to 1. Two populations reach about 0.12.",
    "size fraction": "The fraction of its class that the smaller cluster holds. Poison is a minority.",
    "distance": "The smaller cluster's distance from the nearest other class, divided by that from its own class. "
    "Below 1, it lies nearer to the other class.",
    "activation": "Activations are the output of the last hidden layer for a sample, just before the class.",
    "trajectory": "A loss trajectory is the loss of one sample after each epoch. It shows how fast the sample was "
    "learned.",
    "suspicion": "Suspicion is the score by which detectors rank the samples. Higher is more suspicious.",
    "agreement": "Of all samples that this detector or the leading one flags, the fraction that both flag.",
    "rate": "Bona fide samples show how suspicious clean ones can look. The fraction of wrong ones holds "
    "on average over draws of bona fide samples, not in every draw.",
    "clean accuracy": "The fraction of untouched test samples that the model gets right. Higher is better.",
    "attack success rate": "Attack success rate (ASR): how often the trigger turns samples of other classes into the "
    "target. Lower is better.",
    "signals": "The signals that count most, the strongest first. 99% means: 99% of all samples show it no more "
    "strongly.",
    "family": "A family is a group of flagged samples that seem to carry one attack: one given label, one pattern. "
    "The decision has groups of its own, with other numbers: each says in which of the other most of it is.",
    "difference": "What the members have on average that the nearest ordinary samples lack: words, or in images "
    "what differs, amplified, where grey is no difference.",
    "telling words": "Words and phrases that these samples have and the rest of their class lacks, the clearest first. "
    "They are ranked by log-odds with a prior (Monroe and others 2008). Of a whole class, all others are the rest.",
    "topics": "Words that occur together, by latent Dirichlet allocation (LDA), and how much is written about them. "
    "Words that the rest of the class uses, too, are left out.",
    "marked": "The words that count most for the model: the slope of the class at the word, times the word.",
    "neighbours": "Neighbours are the samples that the model sees as most alike: their activations lie nearest.",
    "doubled": "The trigger at twice its strength, where it has one. A backdoor that seems gone may still answer to "
    "it.",
    "loss": "The loss is the cross-entropy: 0 when the model is sure of the given label, large when it disagrees.",
    "cluster": "Each class is split into two clusters. Poison, if there is any, gathers in the smaller one.",
    "decided": "What the decision on Detect says of a sample. All of a group is shown, flagged or not.",
    "decision": "Four published tests. Is the cluster small? Does it stand apart? Is it nearer to another class? "
    "Where does a model put it that never saw it?",
    "recovered": "The recovered trigger: what the members of a group share, on grey, its contrast stretched.",
    "reclassification": "Exclusionary reclassification (ExRe) trains a model without the cluster and then has it "
    "classify the cluster. Of its samples, l get their given label and p the most frequent other one. l/p below 1 "
    "means poison from that class.",
    "continue": "From scratch repeats the first training on what remains. Continuing starts from the present weights "
    "and takes a few epochs. That is enough when poison gets its true labels, too little when it is only left out.",
    "loading": "Inspect reads the model's predictions, losses and activations, and runs every detector that needs no "
    "trajectories. Fine-tune trains it on these data and records the loss of every sample.",
    "weights": "A .safetensors file, or a state_dict saved by torch (.pt, .pth, .bin, .ckpt), up to 4 GB. Nothing in "
    "the file is executed. Whole pickled models, joblib, TorchScript, .pt2 and .tar are refused.",
    "mean": "The mean is subtracted from pixels between 0 and 1, and the result divided by the standard deviation. "
    "Give one number, or one a channel.",
    "trigger": "A trigger is a small change to a sample. A poisoned model answers it with the attacker's class.",
    "labelling": "Dirty-label attacks give poisoned samples a wrong label. Clean-label attacks keep the true one.",
    "poison ratio": "The fraction of samples that carry the trigger. For one-to-one and clean-label attacks, it is "
    "that of the target class.",
    "PCA": "PCA shows the directions in which samples differ most.",
    "ICA": "ICA shows the directions that are farthest from a normal distribution, where planted groups stick out.",
    "UMAP": "UMAP keeps neighbours together. Distances between its islands mean little.",
}


def plain(text: str) -> str:
    """Text from outside on one line, in which no character means anything to Markdown."""
    escaped = "".join(f"\\{sign}" if sign in r"\`*_{}[]<>#$:|~&!" else sign for sign in _SPACE.sub(" ", text))
    return _LINK.sub("\\g<0>\u2060", _LIST.sub(r"\1\\\2", escaped))
