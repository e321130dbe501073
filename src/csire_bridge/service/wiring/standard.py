"""The hub's standard as it is loaded from files: schemas, mapping files, and what is judged with them."""

from __future__ import annotations

from dataclasses import dataclass

from csire_bridge.config.settings import Settings
from csire_bridge.domain.identifiers import Eic
from csire_bridge.pipeline.intake.map import Mapper
from csire_bridge.pipeline.intake.validate import Validator
from csire_bridge.xml.mapping.book import MappingBook
from csire_bridge.xml.mapping.outgoing.rehearsal import Ends
from csire_bridge.xml.schema.catalogue import SchemaCatalogue

__all__ = ["Standard", "ends_of"]


def ends_of(settings: Settings) -> Ends:
    """The parties of our answers."""
    return Ends(Eic(settings.own_eic), Eic(settings.hub_eic), settings.sender_role)


@dataclass(frozen=True)
class Standard:
    """The hub's standard, loaded from files: schemas, mappings, and validation. Needs no database and no keys."""

    catalogue: SchemaCatalogue
    book: MappingBook
    validator: Validator
    mapper: Mapper

    @classmethod
    def load(cls, settings: Settings) -> Standard:
        """Read schemas and mapping files; raise ConfigurationError with everything that is wrong in them."""
        catalogue = SchemaCatalogue(settings.schema_path)
        book = MappingBook(settings.mapping_path, catalogue, ends_of(settings))
        for namespace in book.namespaces:
            catalogue.schema_for(namespace)  # a broken schema shows at start, not with the first message
        limits = settings.limits.as_limits()
        return cls(
            catalogue,
            book,
            Validator(catalogue, book, Eic(settings.own_eic), limits, settings.releases),
            Mapper(book, limits),
        )
