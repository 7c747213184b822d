"""The one error that people see."""


class UserError(Exception):
    """Something a person can put right: what was given, what is allowed, what to do next.

    Args:
        title: one sentence that says what is wrong.
        detail: what was given and what is allowed.
        hint: what to do next.
    """

    def __init__(self, title: str, detail: str = "", hint: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.detail = detail
        self.hint = hint

    def __str__(self) -> str:
        return " ".join(part for part in (self.title, self.detail, self.hint) if part)

    def as_dict(self) -> dict[str, str]:
        """The three parts, for a progress file or a page."""
        return {"title": self.title, "detail": self.detail, "hint": self.hint}
