"""A login obtained by signing in."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, repr=False)
class Login:
    """A pair of tokens, in clear. `generation` grows with each new pair, whoever brought it."""

    access_token: str
    refresh_token: str
    expires_at: datetime
    generation: int = 0

    def __repr__(self) -> str:
        return f"Login(generation={self.generation}, expires_at={self.expires_at.isoformat()})"
