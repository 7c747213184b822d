"""The weights of a transformer's folder meet the network that was built for them."""

from torch import nn

from core.errors import UserError
from core.models.pretrained.transformer import Network
from core.models.pretrained.transformer_folder import TransformerFolder
from core.models.weights import Weights, read_weights

# What a checkpoint may lack: the mean over the tokens is taken without it, or it is counted anew.
_UNUSED = ("pooler.", "position_ids", "token_type_ids", "position_embeddings.position_ids")
_OLD_NAMES = {".gamma": ".weight", ".beta": ".bias"}


def begin_with(network: nn.Module, folder: TransformerFolder) -> list[str]:
    """Put the tokenizer and the weights of a folder into a network of its architecture; returns what there is to say.

    Raises:
        UserError: the file is refused, or weights are missing or of another shape.
    """
    assert isinstance(network, Network)
    weights, _ = read_weights(folder.weights)
    found, own = _named(weights, network.backbone), network.backbone.state_dict()
    missing = [name for name in own if name not in found and not any(part in name for part in _UNUSED)]
    other = [name for name in own if name in found and found[name].shape != own[name].shape]
    if missing or other:
        said = [f"missing: {len(missing)} (first {missing[0]})"] if missing else []
        said += [f"of another shape: {len(other)} (first {other[0]})"] if other else []
        hint = "Give the folder as save_pretrained wrote it."
        raise UserError(f"The weights in {folder.path.name} do not fit its config.json.", f"{'; '.join(said)}.", hint)
    network.backbone.load_state_dict({name: found.get(name, value) for name, value in own.items()})
    network.reader.keep(folder.tokenizer)
    size = sum(value.numel() for value in own.values())
    return [
        f"A {folder.config['model_type']} with {size:,} numbers from {folder.path.name}; "
        + ("it stays as it is, and its head learns." if network.frozen else "all of it learns on, its head from anew.")
    ]


def _named(weights: Weights, backbone: nn.Module) -> Weights:
    """The weights of a checkpoint by the names that the bare network has for them."""
    prefix = f"{getattr(backbone, 'base_model_prefix', '')}."
    if any(name.startswith(prefix) for name in weights):
        weights = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
    return {_renamed(name): value for name, value in weights.items()}


def _renamed(name: str) -> str:
    ending = next((old for old in _OLD_NAMES if name.endswith(old)), "")
    return name.removesuffix(ending) + _OLD_NAMES[ending] if ending else name
