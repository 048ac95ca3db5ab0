"""The one door between a session and whoever looks at it: events come out, intents go in."""

from controlroom.core.info import RoomInfo
from controlroom.room.protocol import Room, RoomClosed

__all__ = ["Room", "RoomClosed", "RoomInfo"]
