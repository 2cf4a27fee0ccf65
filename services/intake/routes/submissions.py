"""Submissions and their receipts over HTTP."""

from typing import Any

from flask import Response

from services.intake.models import Submission
from services.intake.schemas import (
    ChangedSubmissionSchema,
    DispatchSchema,
    NewSubmissionSchema,
    SubmissionList,
    SubmissionQuery,
    SubmissionSchema,
)
from services.intake.schemas_receipts import NewReceiptSchema, ReceiptList, ReceiptSchema
from services.intake.service import dispatch, receipts, submissions
from shared.http import context
from shared.http.blueprint import Blueprint
from shared.http.etags import etag_of
from shared.http.lists import ListQuery

blp = Blueprint("submissions", __name__, description="What offices send, and what came")

Tagged = tuple[dict[str, Any], int, dict[str, str]]
_TAG = {"ETag": {"schema": {"type": "string"}, "description": "the version, for If-Match"}}


def _tagged(row: Submission, status: int = 200) -> Tagged:
    return submissions.describe(context.uow(), row), status, {"ETag": etag_of(row.id, row.version)}


@blp.get("/submissions")
@blp.arguments(SubmissionQuery, location="query")
@blp.response(200, SubmissionList)
def list_submissions(query: dict[str, Any]) -> dict[str, Any]:
    """Submissions, the newest first."""
    return submissions.list_submissions(context.actor(), context.uow(), query)


@blp.post("/submissions")
@blp.arguments(NewSubmissionSchema)
@blp.response(201, SubmissionSchema, headers=_TAG)
def create_submission(body: dict[str, Any]) -> Tagged:
    """Stores a draft."""
    row = submissions.create_submission(context.actor(), context.uow(), body, now=context.now())
    return _tagged(row, 201)


@blp.get("/submissions/<submission_id>")
@blp.response(200, SubmissionSchema, headers=_TAG)
def get_submission(submission_id: str) -> Tagged:
    """One submission."""
    return _tagged(submissions.get_submission(context.actor(), context.uow(), submission_id))


@blp.patch("/submissions/<submission_id>")
@blp.arguments(ChangedSubmissionSchema)
@blp.response(200, SubmissionSchema, headers=_TAG)
def change_submission(body: dict[str, Any], submission_id: str) -> Tagged:
    """Changes a draft; needs If-Match."""
    return _tagged(submissions.change_submission(context.actor(), context.uow(), submission_id, body))


@blp.post("/submissions/<submission_id>/dispatch")
@blp.arguments(DispatchSchema)
@blp.response(200, SubmissionSchema, headers=_TAG)
def dispatch_submission(body: dict[str, Any], submission_id: str) -> Tagged:
    """Freezes the submission and makes its manifest."""
    row = dispatch.dispatch_submission(
        context.actor(), context.uow(), submission_id, occurred_at=body.get("occurred_at"), now=context.now()
    )
    return _tagged(row)


@blp.get("/submissions/<submission_id>/manifest.pdf")
@blp.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
def get_manifest(submission_id: str) -> Response:
    """The manifest as it was frozen."""
    number, pdf = dispatch.get_manifest(context.actor(), context.uow(), submission_id)
    head = {"Content-Disposition": f'inline; filename="manifest-{number}.pdf"'}
    return Response(pdf, mimetype="application/pdf", headers=head)


@blp.get("/submissions/<submission_id>/receipts")
@blp.arguments(ListQuery, location="query")
@blp.response(200, ReceiptList)
def list_receipts(query: dict[str, Any], submission_id: str) -> dict[str, Any]:
    """The receipts of a submission."""
    return receipts.list_receipts(context.actor(), context.uow(), submission_id, **query)


@blp.post("/submissions/<submission_id>/receipts")
@blp.arguments(NewReceiptSchema)
@blp.response(201, ReceiptSchema)
def make_receipt(body: dict[str, Any], submission_id: str) -> dict[str, Any]:
    """Makes a receipt of what came."""
    return receipts.make_receipt(context.actor(), context.uow(), submission_id, body, now=context.now())
