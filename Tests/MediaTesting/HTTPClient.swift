import Foundation

/// A client of the service: the program `curl`, one process for each request.
package struct HTTPClient: Sendable {
    /// What a request carries.
    package enum Body: Sendable {
        case none
        case bytes([UInt8])
        case text(String)
        case file(String)
        /// `multipart/form-data` as curl makes it.
        case form([FormField])
    }

    package var baseURL: String
    /// The API key.
    package var key: String?
    /// Arguments for curl in every request.
    package var arguments: [String] = []

    package init(baseURL: String, key: String? = nil, arguments: [String] = []) {
        self.baseURL = baseURL
        self.key = key
        self.arguments = arguments
    }

    package func get(_ path: String, headers: [String: String] = [:]) throws -> HTTPResponse {
        try send("GET", path, headers: headers)
    }

    package func post(_ path: String, headers: [String: String] = [:], _ body: Body) throws -> HTTPResponse {
        try send("POST", path, headers: headers, body)
    }

    /// Sends a JSON text.
    package func patch(_ path: String, _ json: String) throws -> HTTPResponse {
        try self.json("PATCH", path, json)
    }

    /// Sends a JSON text.
    package func json(_ method: String, _ path: String, _ json: String) throws -> HTTPResponse {
        try send(method, path, headers: ["Content-Type": "application/json"], .text(json))
    }

    package func delete(_ path: String) throws -> HTTPResponse { try send("DELETE", path) }

    /// Sends a request and waits for its whole answer.
    ///
    /// - Parameters:
    ///   - path: goes out as it is, with its query; an absolute URL replaces the base.
    ///   - curl: more arguments.
    /// - Throws: `TestFailure` where no HTTP answer came.
    package func send(
        _ method: String, _ path: String, headers: [String: String] = [:], _ body: Body = .none, curl: [String] = []
    ) throws -> HTTPResponse {
        let folder = try TemporaryFolder()
        var words = ["-q", "-sS", "-i", "--path-as-is", "--globoff", "--max-time", "60"] + arguments + curl
        words += method == "HEAD" ? ["--head"] : ["-X", method]
        if let key, headers["Authorization"] == nil { words += ["-H", "Authorization: Bearer \(key)"] }
        // curl adds a type of its own to a body that has none, and waits for leave to send it.
        var fields = ["Expect": ""]
        if case .none = body {} else if case .form = body {} else { fields["Content-Type"] = "" }
        fields.merge(headers) { $1 }
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) { words += ["-H", "\(name): \(value)"] }
        switch body {
        case .none: break
        case .bytes(let bytes): words += ["--data-binary", "@\(try folder.file("body", bytes))"]
        case .text(let text): words += ["--data-binary", "@\(try folder.file("body", Array(text.utf8)))"]
        // Unlike --data-binary this does not read the whole file into memory.
        case .file(let path): words += ["-T", path]
        case .form(let fields):
            for (index, field) in fields.enumerated() { words += try field.arguments(folder, index) }
        }
        words.append(path.hasPrefix("http") ? path : baseURL + path)
        let command = try Command("curl", words)
        guard command.status == 0 || !command.output.isEmpty else {
            throw TestFailure("\(method) \(path): curl ends with \(command.status): \(command.errors)")
        }
        let response = try HTTPResponse(parsing: command.output)
        guard command.status == 0 else {
            throw TestFailure("\(method) \(path): answer \(response.status) is cut off: \(command.errors)")
        }
        return response
    }
}
