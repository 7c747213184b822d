"""A transformer's folder, as `save_pretrained` writes it: which files of it are read, and what is refused.

Of its `config.json` only numbers, flags and the names of activations are taken, of keys that its type has. So neither
code, nor a kernel of the Hub, nor a quantiser can be asked for. What was taken is kept in the run's configuration, the
tokenizer and the weights in the run: the folder is not needed any more.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from core.errors import UserError
from core.models.weight_files import kind_of

# Types that read a text from both sides, and whose configuration is numbers alone.
ENCODERS = ("albert", "bert", "camembert", "deberta-v2", "distilbert", "electra", "mpnet", "roberta", "xlm-roberta")
CONFIG = "config.json"
TOKENIZER = "tokenizer.json"
WEIGHTS = "model.safetensors"
_TOKENIZERS_CONFIG = "tokenizer_config.json"
# Files of weights that would have to be unpickled, or need another library.
_OTHER_WEIGHTS = ("pytorch_model*.bin", "*.pt", "*.pth", "*.ckpt", "*.h5", "*.msgpack", "*.onnx", "*.gguf")
MOST_CONFIG = 2**18  # bytes of a config.json; published ones have some thousand, most of them names of classes
MOST_TOKENIZER = 64 * 2**20  # bytes of a tokenizer.json; that of XLM-RoBERTa has 17 million
MOST_TIMES = 64  # layers, heads, groups
MOST_WIDE = 2**20  # any other number, such as how many tokens are known
_TIMES = ("layer", "head", "group")
_WORDS = frozenset({"gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "relu", "silu", "swish", "tanh", "first"})
_SAVE = (
    "Where you trust it, open it with transformers and save it again: AutoModel.from_pretrained(…).save_pretrained(…)"
)
_CODE = "Choose a model that transformers has itself; nobody's code is executed here."
_SAVE_TOKENIZER = "Save it beside the model: AutoTokenizer.from_pretrained(…).save_pretrained(…) writes it."


@dataclass(frozen=True)
class TransformerFolder:
    """What is read of a folder.

    Attributes:
        path: of the folder.
        config: its type and numbers, as they were checked.
        tokenizer: the content of tokenizer.json.
        unknown: the token for what the tokenizer does not know, or that hides a word.
    """

    path: Path
    config: Mapping[str, Any]
    tokenizer: bytes
    unknown: int

    @property
    def weights(self) -> Path:
        """The file of the weights."""
        return self.path / WEIGHTS

    @property
    def architecture(self) -> str:
        """What a network is built from, as one line of JSON."""
        return json.dumps({**self.config, "unknown": self.unknown}, sort_keys=True)


def read_folder(path: Path) -> TransformerFolder:
    """What there is in a folder, the weights not read yet.

    Raises:
        UserError: it is no folder, has pickled weights alone, wants code of its own, or lacks a tokenizer. Or it is of
            a type or a size that is not read here.
    """
    if not path.is_dir():
        raise UserError(f"There is no folder {path}.", "A transformer lies in a folder.", "Check the path.")
    config = _mapping(path / CONFIG, "Give a folder that save_pretrained of transformers wrote.")
    beside = _mapping(path / _TOKENIZERS_CONFIG, "") if (path / _TOKENIZERS_CONFIG).exists() else {}
    if "auto_map" in config or "auto_map" in beside:
        raise _refused(path, "It wants to execute code of its own (auto_map).", _CODE)
    _require_weights(path)
    kept = _checked(path, config)
    content, tokenizer = _tokenizer(path)
    last = max(tokenizer.get_vocab(with_added_tokens=True).values(), default=0)
    if last >= kept.get("vocab_size", MOST_WIDE):
        detail = f"Its tokenizer has a token {last:,}, and the model knows {kept['vocab_size']:,}."
        raise _refused(path, detail, "Give the tokenizer that the model was trained with.")
    names = ("[MASK]", "<mask>", "[UNK]", "<unk>")
    unknown = next((place for name in names if (place := tokenizer.token_to_id(name)) is not None), 0)
    return TransformerFolder(path, kept, content, unknown)


def config_of(architecture: str) -> dict[str, Any]:
    """The configuration of transformers that an `architecture` stands for, and `unknown`.

    Raises:
        UserError: it is none, or transformers are not installed.
    """
    try:
        given = json.loads(architecture)
    except ValueError:
        given = None
    if not isinstance(given, dict) or not isinstance(unknown := given.pop("unknown", None), int):
        raise UserError("The architecture of the transformer is damaged.", "", "Train a new run.")
    return {**_checked(Path("architecture"), given), "unknown": unknown}


def default_of(kind: str) -> Any:
    """The configuration that transformers have for a type. Raises UserError where they are not installed."""
    try:
        from transformers import CONFIG_MAPPING  # an extra, which takes two seconds to load
    except ImportError as error:
        raise UserError(
            "Transformers are not installed.",
            "A model from a folder is built by the package transformers.",
            "Run `pip install transformers==5.24.0`, or install Assay with its extra `transformers`.",
        ) from error
    return CONFIG_MAPPING[kind]


def _checked(path: Path, config: Mapping[str, Any]) -> dict[str, Any]:
    """What is taken of a configuration."""
    kind = config.get("model_type")
    if kind not in ENCODERS:
        detail = f"It is of the type {str(kind)[:60]!r}. These are read: {', '.join(ENCODERS)}."
        raise _refused(path, detail, "Give one that reads texts, such as a BERT or a RoBERTa.")
    known = default_of(kind)().to_dict()
    kept: dict[str, Any] = {"model_type": kind}
    for name, value in config.items():
        if name.startswith("_") or name not in known:
            continue
        if isinstance(value, bool | float) or (isinstance(value, str) and value in _WORDS):
            kept[name] = value
        elif isinstance(value, int):
            most = MOST_TIMES if any(part in name for part in _TIMES) and "size" not in name else MOST_WIDE
            if not -1 <= value <= most:
                raise _refused(path, f"Its {name} is {value:,}; up to {most:,} is read.", "Give a smaller model.")
            kept[name] = value
        elif name == "pos_att_type":  # of DeBERTa: "p2c|c2p", or a list of such
            kept[name] = [part for part in ("c2p", "p2c") if part in value]
    return kept


def _tokenizer(path: Path) -> tuple[bytes, Tokenizer]:
    file = path / TOKENIZER
    if not file.is_file():
        raise _refused(path, f"It has no {TOKENIZER}, and without its tokenizer no text can be read.", _SAVE_TOKENIZER)
    if file.stat().st_size > MOST_TOKENIZER:
        raise _refused(path, f"Its {TOKENIZER} is larger than {MOST_TOKENIZER:,} bytes.", "Give a smaller model.")
    content = file.read_bytes()
    try:
        tokenizer = Tokenizer.from_buffer(content)
        tokenizer.encode("a")
    except BaseException as error:  # what breaks in Rust is no Exception
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        raise _refused(path, f"Its {TOKENIZER} cannot be read: {str(error)[:200]}.", _SAVE_TOKENIZER) from None
    return content, tokenizer


def _require_weights(path: Path) -> None:
    """Raise UserError unless there is one file of safetensors."""
    if not (path / WEIGHTS).exists():
        others = sorted({file.name for pattern in _OTHER_WEIGHTS for file in path.glob(pattern)})[:3]
        if (path / f"{WEIGHTS}.index.json").exists():
            raise _refused(path, "Its weights lie in several files: it is larger than is read.", "Give a smaller one.")
        has = f"It has {', '.join(others)}, which may run code when it is opened." if others else "It has no weights."
        raise _refused(path, f"{has} Only {WEIGHTS} is read.", _SAVE)
    if kind_of(path / WEIGHTS) != "safetensors":
        raise _refused(path, f"Its {WEIGHTS} is something else by its content.", _SAVE)


def _mapping(file: Path, hint: str) -> dict[str, Any]:
    """The content of a small JSON file."""
    if not file.is_file():
        raise _refused(file.parent, f"It has no {file.name}.", hint)
    try:
        if file.stat().st_size > MOST_CONFIG:
            raise ValueError(f"it is larger than {MOST_CONFIG:,} bytes")
        content = json.loads(file.read_bytes())
        if not isinstance(content, dict):
            raise ValueError("it holds no object")
    except (ValueError, RecursionError, OSError) as error:
        detail = f"Its {file.name} cannot be read: {str(error)[:200]}."
        raise _refused(file.parent, detail, "Copy the folder again.") from None
    return content


def _refused(path: Path, detail: str, hint: str) -> UserError:
    return UserError(f"{path.name} is no transformer that is read here.", detail, hint)
