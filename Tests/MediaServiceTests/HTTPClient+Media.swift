import MediaCore
import MediaTesting
import Testing

extension HTTPClient {
    /// Uploads a raw body that has to be taken.
    ///
    /// - Parameter query: more of the query, such as `isPublic=true`.
    /// - Returns: the record.
    func upload(_ bytes: [UInt8], name: String, user: String, query: String = "", type: String = "") throws -> JSON {
        let path = "/v1/media?name=\(PercentEncoding.pathSegment(name))&userId=\(PercentEncoding.pathSegment(user))"
        let answer = try post(
            path + (query.isEmpty ? "" : "&\(query)"), headers: type.isEmpty ? [:] : ["Content-Type": type],
            .bytes(bytes))
        try #require(answer.status == 201, "\(answer.text)")
        return answer.json
    }
}

extension JSON {
    /// A member that is a string; empty where there is none.
    func text(_ name: String) -> String { self[name]?.string ?? "" }

    var id: String { text("id") }

    /// The ids of a page's records.
    var ids: [String] { self["media"]?.array?.map(\.id) ?? [] }
}

extension HTTPResponse {
    /// The reasons that the problem names, by field.
    var reasons: [String: String] {
        var reasons: [String: String] = [:]
        for error in json["errors"]?.array ?? [] { reasons[error.text("field")] = error.text("reason") }
        return reasons
    }

    /// Checks that this is a problem as every failed request gets one.
    func expectProblem(
        _ status: Int, _ code: String? = nil, field: String? = nil, reason: String = "", _ comment: Comment? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let comment = "\(comment?.rawValue ?? ""): \(self.status) \(text)" as Comment
        #expect(self.status == status, comment, sourceLocation: sourceLocation)
        #expect(self["Content-Type"] == "application/problem+json", comment, sourceLocation: sourceLocation)
        #expect(all("Cache-Control").contains("no-store"), comment, sourceLocation: sourceLocation)
        #expect(all("X-Content-Type-Options") == ["nosniff"], comment, sourceLocation: sourceLocation)
        #expect(json["status"] == .integer(Int64(status)), comment, sourceLocation: sourceLocation)
        #expect(
            json.text("type").hasSuffix("/docs/errors#\(json.text("code"))") && json.text("type").hasPrefix("http"),
            comment,
            sourceLocation: sourceLocation)
        #expect(ProblemCode(rawValue: json.text("code")) != nil, comment, sourceLocation: sourceLocation)
        #expect(!json.text("title").isEmpty && !json.text("detail").isEmpty, comment, sourceLocation: sourceLocation)
        #expect([json.text("requestId")] == all("X-Request-Id"), comment, sourceLocation: sourceLocation)
        if let code { #expect(json.text("code") == code, comment, sourceLocation: sourceLocation) }
        if let field {
            #expect(reasons[field]?.contains(reason) == true, comment, sourceLocation: sourceLocation)
        }
    }
}
