import HTTPTypes
import MediaCore
import MediaHTTP

/// A problem for people: what a browser shows where a link in a page or a mail leads to a file that can't be had.
enum ErrorPage {
    /// Whether a page is wanted: a browser that navigates asks for HTML first; an `img` element or a program doesn't
    /// (RFC 9110 §12.5.1).
    static func isWanted(_ accept: String?) -> Bool {
        guard
            let first = accept?.utf8.split(whereSeparator: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ";") }).first
        else { return false }
        return String(decoding: first, as: UTF8.self).lowercased() == "text/html"
    }

    static func response(_ problem: Problem, requestID: String) -> Response {
        let title = problem.code.entry.title
        let page = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="robots" content="noindex">
            <title>\(HTMLText.escape(title))</title>
            <style>
            :root { color-scheme: light dark; }
            body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 20vh auto 0; padding: 0 1.5rem; }
            h1 { font-size: 1.4rem; }
            small { opacity: .6; }
            </style>
            </head>
            <body>
            <h1>\(HTMLText.escape(heading(problem)))</h1>
            <p>\(HTMLText.escape(advice(problem)))</p>
            <p><small>\(problem.status) \(HTMLText.escape(problem.code.rawValue)) · \(HTMLText.escape(requestID))</small></p>
            </body>
            </html>

            """
        var response = Response(
            status: HTTPResponse.Status(code: problem.status), contentType: "text/html; charset=utf-8",
            body: Array(page.utf8))
        response.fields[.contentSecurityPolicy] =
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
        return response
    }

    private static func heading(_ problem: Problem) -> String {
        switch problem.status {
        case 401: "Please sign in"
        case 404: "This file isn't here for you"
        case 403: problem.detail
        case 409: problem.detail
        case 503, 507: "This file can't be shown right now"
        default: "This didn't work"
        }
    }

    private static func advice(_ problem: Problem) -> String {
        switch problem.status {
        case 401: "\(problem.detail) Sign in on the learning platform and open the link again."
        case 404:
            "It may have been removed, or it is open to some people only. Open it from the page where it belongs, signed in."
        case 403: "Ask whoever gave you the link for a new one, or open the file from the page where it belongs."
        case 503, 507: "Try again in a moment."
        default: problem.detail
        }
    }
}
