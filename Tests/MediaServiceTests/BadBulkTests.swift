import MediaCore
import MediaTesting
import Testing

/// Requests for `POST /v1/media/bulk` that are refused as a whole.
struct BadBulkTests {
    private let client: HTTPClient

    init() throws {
        client = try SharedInstance.client()
    }

    private func post(_ body: String, type: String = "application/json") throws -> HTTPResponse {
        try client.post("/v1/media/bulk", headers: ["Content-Type": type], .text(body))
    }

    @Test(
        "a body without operations",
        arguments: [
            "{}", #"{"operations":[]}"#, #"{"operations":{}}"#, #"{"operations":null}"#,
            #"{"operations":[{"op":"restore","id":"x"}],"atomic":true}"#,
        ])
    func body(text: String) throws {
        try post(text).expectProblem(400, "invalid_request", field: "operations")
    }

    @Test("a body that is no JSON object, another type, a query, another method")
    func form() throws {
        try post("[]").expectProblem(400, field: "body")
        try post(#"{"operations":"#).expectProblem(400, field: "body")
        try post(#"{"operations":[]}"#, type: "text/plain").expectProblem(415, field: "Content-Type")
        try client.post(
            "/v1/media/bulk?dry=1", headers: ["Content-Type": "application/json"], .text(#"{"operations":[]}"#)
        ).expectProblem(400, field: "dry")
        try client.send("PUT", "/v1/media/bulk").expectProblem(405)
    }

    @Test(
        "what is wrong with an operation is named, and nothing is done",
        arguments: [
            (#"7"#, "", "must be an object"), ("null", "", "must be an object"),
            (#"{"id":"x"}"#, ".op", "one of: update, delete, restore"),
            (#"{"op":"destroy","id":"x"}"#, ".op", "one of"), (#"{"op":3,"id":"x"}"#, ".op", "one of"),
            (#"{"op":"restore"}"#, ".id", "must be given"), (#"{"op":"restore","id":null}"#, ".id", "must be given"),
            (#"{"op":"restore","id":7}"#, ".id", "must be a string"),
            (#"{"op":"restore","id":"a\u0000"}"#, ".id", ""),
            (#"{"op":"restore","id":"x","hard":true}"#, ".hard", "unknown field"),
            (#"{"op":"restore","id":"x","changes":{}}"#, ".changes", "unknown field"),
            (#"{"op":"delete","id":"x","hard":"yes"}"#, ".hard", "must be true or false"),
            (#"{"op":"delete","id":"x","changes":{}}"#, ".changes", "unknown field"),
            (#"{"op":"delete","id":"x","ifMatch":"1"}"#, ".ifMatch", "entity tags"),
            (#"{"op":"delete","id":"x","ifMatch":1}"#, ".ifMatch", "must be a string"),
            (#"{"op":"update","id":"x"}"#, ".changes", "must be given"),
            (#"{"op":"update","id":"x","changes":{},"mergePatch":{}}"#, ".changes", "in its place"),
            (#"{"op":"update","id":"x","changes":[]}"#, ".changes", "must be an object"),
            (#"{"op":"update","id":"x","changes":null}"#, ".changes", "must be an object"),
            (#"{"op":"update","id":"x","changes":{"title":5}}"#, ".changes.title", "must be a string"),
            (#"{"op":"update","id":"x","changes":{"size":5}}"#, ".changes.size", "can't be changed"),
            (#"{"op":"update","id":"x","changes":{"entityId":"5"}}"#, ".changes.entityType", "go together"),
            (
                #"{"op":"update","id":"x","mergePatch":{"metadata":[]}}"#, ".mergePatch.metadata",
                "must be a JSON object"
            ),
            (#"{"op":"update","id":"x","mergePatch":{"color":1}}"#, ".mergePatch.color", "unknown field"),
        ])
    func operation(item: String, field: String, reason: String) throws {
        let id = try client.upload(Samples.text("bad bulk"), name: "a.txt", user: "bad bulk").id
        let good = #"{"op":"update","id":"\#(id)","changes":{"title":"changed"}}"#
        try post(#"{"operations":[\#(good),\#(item)]}"#)
            .expectProblem(400, "invalid_request", field: "operations[1]\(field)", reason: reason)
        #expect(try client.get("/v1/media/\(id)").json["title"] == .null)
    }

    @Test("all that is wrong is named at once, up to a hundred things")
    func all() throws {
        let item = #"{"op":"update","id":"x","changes":{"title":5,"isPublic":5}}"#
        let three = try post(#"{"operations":[\#([item, item, item].joined(separator: ","))]}"#)
        #expect(
            three.reasons.keys.sorted()
                == (0..<3).flatMap { ["operations[\($0)].changes.isPublic", "operations[\($0)].changes.title"] })
        let many = try post(#"{"operations":[\#(Array(repeating: item, count: 200).joined(separator: ","))]}"#)
        #expect(many.reasons.count == 100)
    }

    @Test("metadata may nest as deep as everywhere, and no deeper")
    func depth() throws {
        let id = try client.upload(Samples.text("deep bulk"), name: "a.txt", user: "bad bulk").id
        func item(_ depth: Int) -> String {
            let metadata = String(repeating: #"{"a":"#, count: depth) + "1" + String(repeating: "}", count: depth)
            return #"{"op":"update","id":"\#(id)","changes":{"metadata":\#(metadata)}}"#
        }
        let depth = 16
        #expect(try client.bulk([item(depth)]).first?["status"] == .integer(200))
        try post(#"{"operations":[\#(item(depth + 1))]}"#).expectProblem(400, field: "body")
    }
}
