"""The field's terms, each in one sentence, wherever they appear."""

HELP = {
    "bona fide": "Bona fide samples are guaranteed to be clean; BaDLoss compares every other sample with them.",
    "silhouette": "Silhouette: how far apart two clusters are, from −1 to 1; two populations reach about 0.15.",
    "size fraction": "The share of its class that the smaller cluster holds; poison is a minority.",
    "activation": "Activations are what the last hidden layer says about a sample, just before the class.",
    "trajectory": "A loss trajectory is the loss of one sample after each epoch: how, and how fast, it was learned.",
    "suspicion": "Suspicion ranks the samples by what the detectors say; higher is more suspicious.",
    "clean accuracy": "The share of untouched test images that the model gets right. Higher is better.",
    "attack success rate": "ASR: how often the trigger turns images of other classes into the target. Lower is better.",
    "loss": "Cross-entropy: 0 when the model is sure of the given label, large when it disagrees.",
    "cluster": "Each class is cut in two; poison, if there is any, gathers in the smaller half.",
    "PCA": "PCA shows the directions in which samples differ most.",
    "ICA": "ICA shows the directions that are farthest from normal, where planted groups stick out.",
    "UMAP": "UMAP keeps neighbours together; distances between islands mean little.",
}
