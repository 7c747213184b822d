"""The field's terms, each in one sentence, wherever they appear."""

HELP = {
    "bona fide": "Bona fide samples are guaranteed to be clean; BaDLoss compares every other sample with them.",
    "silhouette": "Silhouette: how far apart two clusters are, from −1 to 1; two populations reach about 0.12.",
    "size fraction": "The share of its class that the smaller cluster holds; poison is a minority.",
    "distance": "The smaller cluster's distance from the nearest other class, over that from its own; below 1 it lies "
    "nearer to the other.",
    "activation": "Activations are what the last hidden layer says about a sample, just before the class.",
    "trajectory": "A loss trajectory is the loss of one sample after each epoch: how, and how fast, it was learned.",
    "suspicion": "Suspicion ranks the samples by what the detectors say; higher is more suspicious.",
    "agreement": "Of all samples that this detector or the leading one flags, the share that both flag.",
    "rate": "Bona fide samples tell how suspicious clean ones can look; the share of wrong ones holds on average.",
    "clean accuracy": "The share of untouched test images that the model gets right. Higher is better.",
    "attack success rate": "ASR: how often the trigger turns images of other classes into the target. Lower is better.",
    "signs": "The signs that count most, the strongest first; 99% means that 99% of all samples show it no more.",
    "family": "Flagged samples that seem to come from one attack, with one given label and one pattern.",
    "difference": "What the members have on average that the nearest ordinary images lack, amplified; grey is nothing.",
    "neighbours": "The samples that the model sees most alike: their activations lie nearest.",
    "doubled": "The trigger at twice its strength, where it has one: a backdoor that seems gone may answer to it.",
    "loss": "Cross-entropy: 0 when the model is sure of the given label, large when it disagrees.",
    "cluster": "Each class is cut in two; poison, if there is any, gathers in the smaller half.",
    "decision": "Four published answers: is the cluster small, does it stand apart, is it nearer to another class, and "
    "where does a model put it that never saw it?",
    "reclassification": "Exclusionary reclassification (ExRe): a model is trained without the cluster and then "
    "classifies it. l come home, p go to the most frequent other class; l/p below 1 is poison from that class.",
    "continue": "From scratch repeats the first training on what is left. Continuing starts from the present weights, "
    "for a few epochs: enough when poison gets its true labels, too little when it is only left out.",
    "loading": "As it is: its predictions, losses and activations are read, and every detector runs that needs no "
    "trajectories. Fine-tuning trains it on these data and traces the loss of every sample.",
    "weights": "A .safetensors file, or a state_dict saved by torch (.pt, .pth, .bin, .ckpt), up to 4 GB. Nothing in "
    "the file is executed; whole pickled models, joblib, TorchScript, .pt2 and .tar are refused.",
    "mean": "Pixels from 0 to 1 have the mean taken off and are divided by the standard deviation: one number, or one "
    "a channel.",
    "trigger": "A trigger is a small change to an image that a poisoned model answers with the attacker's class.",
    "labelling": "Dirty-label attacks give poisoned samples a wrong label; clean-label attacks keep the true one.",
    "poison ratio": "The share of the samples that carry the trigger; one-to-one and clean-label: of the target class.",
    "PCA": "PCA shows the directions in which samples differ most.",
    "ICA": "ICA shows the directions that are farthest from normal, where planted groups stick out.",
    "UMAP": "UMAP keeps neighbours together; distances between islands mean little.",
}


def plain(text: str) -> str:
    """Text from outside, with Markdown's signs taken literally."""
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]<>#$:|~" else sign for sign in text)
