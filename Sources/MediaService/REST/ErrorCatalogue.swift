package import MediaCore

/// What each `code` means, for those who meet it: the page that `type` leads to, and `mediad errors`.
package enum ErrorCatalogue {
    /// A few lines.
    package static func text(_ code: ProblemCode) -> String {
        let entry = code.entry
        return """
            \(entry.status) \(code.rawValue): \(entry.title)
                cause: \(entry.cause)
                mend:  \(entry.mend)
            """
    }

    /// The whole page; nginx/html/docs/errors.html holds it.
    package static var page: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Media Service: errors</title>
        <link rel="stylesheet" href="docs.css">
        </head>
        <body class="text">
        <!-- Written by 'mediad errors --html'. -->
        <h1>Errors</h1>
        <p>What goes wrong is answered as problem details (<a href="https://www.rfc-editor.org/rfc/rfc9457">RFC 9457</a>):
        <code>code</code> is stable for programs, <code>type</code> leads here, <code>detail</code> and <code>errors</code> say what
        it was this time, and <code>requestId</code> is what the logs name it by.
        The interface: <a href="./">documentation</a>, <a href="../openapi.yaml">openapi.yaml</a>.</p>
        <table>
        <thead><tr><th>code</th><th>status</th><th>cause</th><th>mend</th></tr></thead>
        <tbody>
        \(ProblemCode.allCases.map(row).joined(separator: "\n"))
        </tbody>
        </table>
        </body>
        </html>

        """
    }

    private static func row(_ code: ProblemCode) -> String {
        let entry = code.entry
        return """
            <tr id="\(code.rawValue)"><th scope="row"><a href="#\(code.rawValue)"><code>\(code.rawValue)</code></a><br>\
            \(HTMLText.escape(entry.title))</th><td>\(entry.status)</td><td>\(marked(entry.cause))</td>\
            <td>\(marked(entry.mend))</td></tr>
            """
    }

    /// Text in which what stands between backticks is code.
    private static func marked(_ text: String) -> String {
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated().map { index, part in
            index % 2 == 0 ? HTMLText.escape(String(part)) : "<code>\(HTMLText.escape(String(part)))</code>"
        }.joined()
    }
}
