"""The handful of formats a trading centre meets every day, as PRONOM names them, and the extensions they go by."""

from collections.abc import Mapping

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
DOCM = "application/vnd.ms-word.document.macroenabled.12"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLSM = "application/vnd.ms-excel.sheet.macroenabled.12"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
OFD = "application/ofd"
ZIP = "application/zip"
HTML = "text/html"
TEXT = "text/plain"
XML = "application/xml"
SVG = "image/svg+xml"
MP4 = "video/mp4"
EMPTY = "application/x-empty"
UNKNOWN = "application/octet-stream"

PDF_PUIDS: Mapping[str, str] = {
    "1.0": "fmt/14",
    "1.1": "fmt/15",
    "1.2": "fmt/16",
    "1.3": "fmt/17",
    "1.4": "fmt/18",
    "1.5": "fmt/19",
    "1.6": "fmt/20",
    "1.7": "fmt/276",
    "2.0": "fmt/1129",
}

_WORD_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_SHEET_MAIN = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_SLIDES_MAIN = "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"

# Content type of a package's main part (ECMA-376 part 1, 11 to 13) -> PUID, MIME type, label.
OFFICE_PARTS: Mapping[bytes, tuple[str, str, str]] = {
    _WORD_MAIN.encode(): ("fmt/412", DOCX, "Microsoft Word for Windows"),
    b"application/vnd.ms-word.document.macroEnabled.main+xml": ("fmt/523", DOCM, "Microsoft Word macro-enabled"),
    _SHEET_MAIN.encode(): ("fmt/214", XLSX, "Microsoft Excel for Windows"),
    b"application/vnd.ms-excel.sheet.macroEnabled.main+xml": ("fmt/445", XLSM, "Microsoft Excel macro-enabled"),
    _SLIDES_MAIN.encode(): ("fmt/215", PPTX, "Microsoft PowerPoint for Windows"),
}

_ODF = "application/vnd.oasis.opendocument."

# What packages say in their entry `mimetype` (OpenDocument 1.3 part 2, 3.3; EPUB OCF 3.3, 4.3) -> PUID, label. PRONOM
# counts every version of OpenDocument as a format of its own; the version is not looked for.
PACKAGES: Mapping[str, tuple[str | None, str]] = {
    f"{_ODF}text": (None, "OpenDocument Text"),
    f"{_ODF}text-template": (None, "OpenDocument Text Template"),
    f"{_ODF}spreadsheet": (None, "OpenDocument Spreadsheet"),
    f"{_ODF}spreadsheet-template": (None, "OpenDocument Spreadsheet Template"),
    f"{_ODF}presentation": (None, "OpenDocument Presentation"),
    f"{_ODF}presentation-template": (None, "OpenDocument Presentation Template"),
    f"{_ODF}graphics": (None, "OpenDocument Drawing"),
    "application/epub+zip": ("fmt/483", "ePub format"),
}

# Major brands of ISO/IEC 14496-12 files that PRONOM calls MPEG-4 Media File; other brands go to the full registry.
MP4_BRANDS = frozenset(
    {b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"dash", b"M4V "},
)

# MIME types of formats for which PRONOM states none.
NAMELESS: Mapping[str, str] = {
    "fmt/569": "video/x-matroska",
    "fmt/585": "video/mp2t",
    "fmt/2062": "image/avif",
    "fmt/898": "image/tiff",
}

# First bytes of pictures -> type, label. The registry also wants to see their last bytes, so it does not know one that
# was cut off or that something was put behind; which version of the format it is, nobody can then tell.
PICTURES: Mapping[bytes, tuple[str, str]] = {
    b"\x89PNG\r\n\x1a\n": ("image/png", "Portable Network Graphics"),
    b"\xff\xd8\xff": ("image/jpeg", "JPEG"),
    b"GIF87a": ("image/gif", "Graphics Interchange Format"),
    b"GIF89a": ("image/gif", "Graphics Interchange Format"),
    b"II*\0": ("image/tiff", "Tagged Image File Format"),
    b"MM\0*": ("image/tiff", "Tagged Image File Format"),
    b"\0\0\0\x0cjP  \r\n\x87\n": ("image/jp2", "JPEG 2000"),
}

# Types that the registry or a source may state -> the name we go by.
RENAMED: Mapping[str, str] = {
    "application/mp4": MP4,
    "application/vnd.ms-word.document.macroenabled": DOCM,
    "application/x-rar-compressed": "application/vnd.rar",
    "application/x-zip-compressed": ZIP,
    "application/x-gzip": "application/gzip",
    "application/x-pdf": PDF,
    "text/rtf": "application/rtf",
    "text/xml": XML,
    "multipart/related": "application/x-mimearchive",
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "audio/mp3": "audio/mpeg",
    "audio/wav": "audio/x-wav",
    "audio/vnd.wave": "audio/x-wav",
}

# Names by which a file is run as a program where it is opened; none of the formats below goes by them.
PROGRAMS = frozenset(
    {"bat", "cmd", "com", "cpl", "dll", "exe", "hta", "jar", "js", "jse", "lnk", "msi", "pif", "ps1", "psm1", "reg"}
    | {"scr", "sct", "sh", "url", "vbe", "vbs", "wsc", "wsf", "wsh"}
)

_OOXML = "application/vnd.openxmlformats-officedocument."

EXTENSIONS: Mapping[str, frozenset[str]] = {
    PDF: frozenset({"pdf"}),
    DOCX: frozenset({"docx", "dotx"}),
    DOCM: frozenset({"docm", "dotm"}),
    XLSX: frozenset({"xlsx", "xltx"}),
    XLSM: frozenset({"xlsm", "xltm"}),
    PPTX: frozenset({"pptx", "potx", "ppsx"}),
    OFD: frozenset({"ofd"}),
    ZIP: frozenset({"zip"}),
    HTML: frozenset({"html", "htm", "xhtml", "shtml", "jhtml", "mht"}),
    TEXT: frozenset({"txt", "csv", "log", "md", "json", "jsonl", "ini", "tsv"}),
    XML: frozenset({"xml", "xsd", "xsl", "xhtml", "html", "svg"}),
    MP4: frozenset({"mp4", "m4v", "m4a"}),
    f"{_OOXML}wordprocessingml.template": frozenset({"dotx"}),
    "application/vnd.ms-word.template.macroenabled.12": frozenset({"dotm"}),
    f"{_OOXML}spreadsheetml.template": frozenset({"xltx"}),
    "application/vnd.ms-excel.template.macroenabled.12": frozenset({"xltm"}),
    "application/vnd.ms-excel.sheet.binary.macroenabled.12": frozenset({"xlsb"}),
    f"{_OOXML}presentationml.template": frozenset({"potx"}),
    f"{_OOXML}presentationml.slideshow": frozenset({"ppsx"}),
    "application/vnd.ms-powerpoint.presentation.macroenabled.12": frozenset({"pptm"}),
    "audio/mp4": frozenset({"m4a"}),
    "application/msword": frozenset({"doc", "dot", "wps"}),
    "application/vnd.ms-excel": frozenset({"xls", "xlt", "et"}),
    "application/vnd.ms-powerpoint": frozenset({"ppt", "pps", "dps"}),
    "application/rtf": frozenset({"rtf", "doc"}),
    f"{_ODF}text": frozenset({"odt"}),
    f"{_ODF}text-template": frozenset({"ott"}),
    f"{_ODF}spreadsheet": frozenset({"ods"}),
    f"{_ODF}spreadsheet-template": frozenset({"ots"}),
    f"{_ODF}presentation": frozenset({"odp"}),
    f"{_ODF}presentation-template": frozenset({"otp"}),
    f"{_ODF}graphics": frozenset({"odg"}),
    "application/epub+zip": frozenset({"epub"}),
    "application/x-mimearchive": frozenset({"mht", "mhtml"}),
    "image/jpeg": frozenset({"jpg", "jpeg", "jpe", "jfif"}),
    "image/png": frozenset({"png"}),
    "image/apng": frozenset({"png", "apng"}),
    "image/gif": frozenset({"gif"}),
    "image/bmp": frozenset({"bmp"}),
    "image/tiff": frozenset({"tif", "tiff"}),
    "image/webp": frozenset({"webp"}),
    "image/jp2": frozenset({"jp2"}),
    "image/avif": frozenset({"avif"}),
    "image/svg+xml": frozenset({"svg"}),
    "audio/mpeg": frozenset({"mp3"}),
    "audio/x-wav": frozenset({"wav"}),
    "video/x-msvideo": frozenset({"avi"}),
    "video/mp2t": frozenset({"ts", "m2ts", "mts"}),
    "video/x-matroska": frozenset({"mkv"}),
    "application/x-7z-compressed": frozenset({"7z"}),
    "application/vnd.rar": frozenset({"rar"}),
    "application/gzip": frozenset({"gz", "tgz"}),
}

# Types that sources state for whatever they do not tell apart, and what may then come: a package is a ZIP, the newer
# Office formats go by the type of the older ones, browsers call a CSV a sheet, and much is only text.
LOOSELY: Mapping[str, frozenset[str]] = {
    ZIP: frozenset({DOCX, DOCM, XLSX, XLSM, PPTX, OFD, *PACKAGES}),
    "application/msword": frozenset({DOCX, DOCM, "application/rtf"}),
    "application/vnd.ms-excel": frozenset({XLSX, XLSM, TEXT, HTML}),
    "application/vnd.ms-powerpoint": frozenset({PPTX}),
    TEXT: frozenset({XML, HTML, "image/svg+xml"}),
}
