"""The root of all tables, and what their columns are made of."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Double, Integer, LargeBinary, MetaData, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

SCHEMA = "kinmatch"

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
NOW = text("now()")
NEW_ID = text("gen_random_uuid()")


class Table(DeclarativeBase):
    """The root of all tables; shows no column of any, so that none gets into a log."""

    metadata = MetaData(schema=SCHEMA, naming_convention=_NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text(),
        int: Integer(),
        float: Double(),
        bytes: LargeBinary(),
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB(),
        list[int]: ARRAY(Integer()),
        list[float]: ARRAY(Double()),
        list[str]: ARRAY(Text()),
        UUID: Uuid(),
    }

    def __repr__(self) -> str:
        return f"<row of {self.__tablename__}>"
