"""A sample as a browser shows it."""

from base64 import b64encode
from dataclasses import dataclass

from core.modalities.saying import Part


@dataclass(frozen=True)
class Shown:
    """A sample as a browser shows it where a picture stands.

    Attributes:
        content: of the picture, in the form that `media` names.
        media: "image/png", say.
        parts: what is read in it, with what is new marked; () where there is nothing to read.
    """

    content: bytes
    media: str
    parts: tuple[Part, ...] = ()

    @property
    def address(self) -> str:
        """The address that holds the picture itself."""
        return f"data:{self.media};base64,{b64encode(self.content).decode()}"

    @property
    def told(self) -> str:
        """All that is read in it."""
        return "".join(part.text for part in self.parts)
