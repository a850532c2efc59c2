/// Reason phrases of the status codes that are used here (RFC 9110 §15, RFC 4918 §11, RFC 6585).
package enum ReasonPhrase {
    /// The line with which a FastCGI responder says the status (RFC 3875 §6.3.3).
    static func line(_ status: Int) -> String {
        lines[status] ?? "Status: \(status) \r\n"
    }

    private static let phrases = [
        200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 206: "Partial Content",
        301: "Moved Permanently", 302: "Found", 303: "See Other", 304: "Not Modified", 307: "Temporary Redirect",
        308: "Permanent Redirect",
        400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
        406: "Not Acceptable", 408: "Request Timeout", 409: "Conflict", 410: "Gone", 411: "Length Required",
        412: "Precondition Failed", 413: "Content Too Large", 414: "URI Too Long", 415: "Unsupported Media Type",
        416: "Range Not Satisfiable", 422: "Unprocessable Content", 423: "Locked", 428: "Precondition Required",
        429: "Too Many Requests", 431: "Request Header Fields Too Large",
        500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
        504: "Gateway Timeout", 507: "Insufficient Storage",
    ]

    private static let lines = [Int: String](
        uniqueKeysWithValues: phrases.map { ($0.key, "Status: \($0.key) \($0.value)\r\n") })
}
