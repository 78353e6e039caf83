"""The HTML that portals carry in `infocontent`: inline styles, nested divisions, bordered tables."""

from html import escape

from ingest.simulator.documents.model import Block, Heading, Table

_CELL = 'style="border:1px solid #333;padding:4px 8px;"'


def write_html(title: str, blocks: tuple[Block, ...]) -> str:
    """A fragment, not a page, as the portal's editor leaves it."""
    parts = ['<div class="ewb-article-info" style="font-size:16px;line-height:2;">']
    parts.append(f'<p style="text-align:center;"><strong>{escape(title)}</strong></p>')
    parts.extend(_block(block) for block in blocks)
    parts.append("</div>")
    return "\n".join(parts)


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return f'<p style="text-indent:2em;"><strong>{escape(block.text)}</strong></p>'
    if isinstance(block, Table):
        rows = "\n".join(
            "<tr>" + "".join(f"<td {_CELL}>{escape(cell)}</td>" for cell in row) + "</tr>" for row in block.rows
        )
        return f'<table style="border-collapse:collapse;width:100%;"><tbody>\n{rows}\n</tbody></table>'
    if block.right:
        return f'<p style="text-align:right;">{escape(block.text)}</p>'
    return f'<p style="text-indent:2em;">{escape(block.text)}</p>'
