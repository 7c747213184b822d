"""The field's terms, each in one sentence, wherever they appear."""

HELP = {
    "bona fide": "Bona fide samples are guaranteed to be clean; BaDLoss compares every other sample with them.",
    "silhouette": "Silhouette: how far apart two clusters are, from −1 to 1; above about 0.10 to 0.15 they are two populations.",
    "size fraction": "The share of the class that its smaller cluster holds; poison is a minority, clean halves are about even.",
    "activation": "Activations are what the last hidden layer says about a sample, just before the model decides on a class.",
    "trajectory": "A loss trajectory is the loss of one sample after each epoch: how, and how fast, it was learned.",
    "suspicion": "Suspicion ranks the samples by what the detectors say; it is a percentile, higher is more suspicious.",
    "clean accuracy": "The share of untouched test images that the model gets right. Higher is better.",
    "attack success rate": "ASR: the share of test images of other classes that the trigger turns into the target class. Lower is better.",
    "loss": "Cross-entropy: 0 when the model is sure of the given label, large when it disagrees.",
    "cluster": "Activation Clustering cuts each class in two; the smaller half is where poison gathers, if there is any.",
    "PCA": "PCA shows the directions in which samples differ most.",
    "ICA": "ICA shows the directions that are farthest from normal, where planted groups stick out.",
    "UMAP": "UMAP keeps neighbours together; distances between islands mean little.",
}
