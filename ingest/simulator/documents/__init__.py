"""Writers of attachments: the same document as PDF, DOCX, XLSX, OFD, plain text and HTML, byte for byte repeatable."""
