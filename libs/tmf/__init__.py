"""TM Forum's way of asking and changing (TMF630), once for all services: a resource is a declaration."""

from libs.tmf.condition import Condition, both, bounded, either
from libs.tmf.crud import EVERYTHING, READS, crud_routes
from libs.tmf.handlers import Hooks
from libs.tmf.patch import merge_patch, patch_of
from libs.tmf.query import ListQuery, fields_asked, parse_query, sees_in_full
from libs.tmf.render import Found, Row, answer_list, answer_one, apply_fields, href_of, render, represent
from libs.tmf.resource import Changed, Document, Resource, document_index, resource_columns
from libs.tmf.select import lock_one, select_list, select_one
from libs.tmf.validation import validate
from libs.tmf.write import (
    Stored,
    delete_resource,
    insert_resource,
    moment,
    put_resource,
    update_resource,
)

__all__ = [
    "EVERYTHING",
    "READS",
    "Changed",
    "Condition",
    "Document",
    "Found",
    "Hooks",
    "ListQuery",
    "Resource",
    "Row",
    "Stored",
    "answer_list",
    "answer_one",
    "apply_fields",
    "both",
    "bounded",
    "crud_routes",
    "delete_resource",
    "document_index",
    "either",
    "fields_asked",
    "href_of",
    "insert_resource",
    "lock_one",
    "merge_patch",
    "moment",
    "parse_query",
    "patch_of",
    "put_resource",
    "render",
    "represent",
    "resource_columns",
    "sees_in_full",
    "select_list",
    "select_one",
    "update_resource",
    "validate",
]
