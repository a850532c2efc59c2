import MediaCore
import MediaTesting
import Testing

/// `POST /v1/media/bulk`.
struct BulkTests {
    private let instance: ServiceInstance
    private let client: HTTPClient

    init() throws {
        instance = try SharedInstance.instance()
        client = try SharedInstance.client()
    }

    private func upload(_ salt: String, query: String = "") throws -> JSON {
        try client.upload(Samples.text("bulk \(salt)"), name: "a.txt", user: "bulk", query: query)
    }

    @Test("operations are done in their order, also on one record, and each has its result")
    func order() throws {
        let (first, second) = (try upload("1", query: "isPublic=true"), try upload("2"))
        let results = try client.bulk([
            #"{"op":"update","id":"\#(first.id)","changes":{"title":"one","metadata":{"a":1,"b":2}}}"#,
            #"{"op":"update","id":"\#(first.id)","mergePatch":{"metadata":{"b":null,"c":3}}}"#,
            #"{"op":"delete","id":"\#(second.id)"}"#,
            #"{"op":"restore","id":"\#(second.id)"}"#,
            #"{"op":"update","id":"\#(second.id)","changes":{"title":"two"}}"#,
            #"{"op":"delete","id":"\#(first.id)"}"#,
        ])
        #expect(results.map { $0["status"] } == Array(repeating: .integer(200), count: 6))
        #expect(results.map(\.id) == [first, first, second, second, second, first].map(\.id))
        let media = results.compactMap { $0["media"] }
        #expect(media.map { $0.text("title") } == ["one", "one", "", "", "two", "one"])
        #expect(media.map { $0.text("status") } == ["READY", "READY", "DELETED", "READY", "READY", "DELETED"])
        #expect(media[1]["metadata"]?.text == #"{"a":1,"c":3}"#)
        let read = try client.get("/v1/media/\(second.id)")
        #expect(read.json == media[4] && read["ETag"] == results[4].text("etag"))
        try client.get("/v1/media/\(first.id)").expectProblem(404)
        try client.get(first.text("url")).expectProblem(404)
    }

    @Test("a record that is removed for good takes its bytes along")
    func hard() throws {
        let id = try upload("hard").id
        let results = try client.bulk([
            #"{"op":"delete","id":"\#(id)","hard":true}"#, #"{"op":"restore","id":"\#(id)"}"#,
        ])
        #expect(results.map { $0["status"]?.integer } == [200, 404])
        try client.delete("/v1/media/\(id)?hard=true").expectProblem(404)
    }

    @Test("one operation's failure is its own")
    func independent() throws {
        let media = try upload("independent")
        let unknown = "c00000000000000000000000a"
        let deep = String(repeating: #"{"a":"#, count: 15) + "1" + String(repeating: "}", count: 15)
        let results = try client.bulk([
            #"{"op":"update","id":"\#(unknown)","changes":{"title":"x"}}"#,
            #"{"op":"update","id":"\#(media.id)","changes":{"title":"first"},"ifMatch":"\"1\""}"#,
            #"{"op":"update","id":"\#(media.id)","changes":{"title":"second"},"ifMatch":"\"1\""}"#,
            #"{"op":"restore","id":"\#(media.id)","ifMatch":"*"}"#,
            #"{"op":"update","id":"\#(media.id)","changes":{"metadata":{"a":\#(deep)}}}"#,
            #"{"op":"update","id":"\#(media.id)","mergePatch":{"metadata":{"z":"\#(String(repeating: "z", count: 65490))"}}}"#,
            #"{"op":"delete","id":"no id"}"#,
            #"{"op":"delete","id":"\#(media.id)","ifMatch":"\"3\""}"#,
        ])
        #expect(results.map { $0["status"]?.integer } == [404, 200, 412, 404, 200, 400, 404, 200])
        for result in results where result["status"]?.integer != 200 {
            #expect(result["error"]?["status"] == result["status"] && result["media"] == nil && result["etag"] == nil)
            #expect(result["error"]?.text("requestId").isEmpty == false)
        }
        #expect(results[0]["error"]?.text("code") == "not_found" && results[0].id == unknown)
        #expect(results[2]["error"]?.text("code") == "precondition_failed")
        #expect(results[5]["error"]?["errors"]?.array?.first?.text("field") == "metadata")
        #expect(results[7]["media"]?.text("title") == "first")
    }

    @Test("each operation is decided on by itself, and a refusal is counted and logged")
    func access() throws {
        let id = try upload("access").id
        var writer = client
        writer.key = try instance.key("media:write")
        func refusals() throws -> Int {
            let line = try client.get("/metrics").text.split(separator: "\n")
                .first { $0.hasPrefix("media_access_refused_total ") }
            return line?.split(separator: " ").last.flatMap { Int($0) } ?? -1
        }
        let before = try refusals()
        let results = try writer.bulk([
            #"{"op":"delete","id":"\#(id)"}"#, #"{"op":"update","id":"\#(id)","changes":{"title":"mine"}}"#,
        ])
        #expect(results.map { $0["status"]?.integer } == [403, 200])
        #expect(results[0]["error"]?.text("detail").contains("media:delete") == true)
        #expect(try refusals() > before)
        let requestID = results[0]["error"]?.text("requestId") ?? ""
        let line = instance.folders.log("serve.log").split(separator: "\n").first {
            $0.contains("access refused") && $0.contains(requestID)
        }
        #expect(line?.contains("lacks the scope") == true)
        var reader = client
        reader.key = try instance.key("media:read", "media:sign")
        let body = HTTPClient.Body.text(#"{"operations":[]}"#)
        let headers = ["Content-Type": "application/json"]
        try reader.post("/v1/media/bulk", headers: headers, body).expectProblem(403, "forbidden")
        try instance.anonymous.post("/v1/media/bulk", headers: headers, body).expectProblem(401, "unauthenticated")
    }

    @Test("a thousand operations in one request")
    func thousand() throws {
        let ids = try (0..<10).map { try upload("thousand \($0)").id }
        let title = String(repeating: "ü", count: 250)
        let items = (0..<1000).map { index -> String in
            let item = #"{"op":"update","id":"\#(ids[index % 10])","changes":{"title":"\#(index) \#(title)"}}"#
            return item + String(repeating: " ", count: 4095 - item.utf8.count)
        }
        var results: [JSON] = []
        let elapsed = try duration { results = try client.bulk(items) }
        #expect(results.count == 1000 && results.allSatisfy { $0["status"] == .integer(200) })
        #expect(results.enumerated().allSatisfy { $1["media"]?.text("title").hasPrefix("\($0) ") == true })
        #expect(elapsed < 30, "\(elapsed) s")
        let tooMany = items + [items[0]]
        try client.post(
            "/v1/media/bulk", headers: ["Content-Type": "application/json"],
            .text(#"{"operations":[\#(tooMany.joined(separator: ","))]}"#)
        )
        .expectProblem(400, field: "operations", reason: "1 to 1000")
        try client.post(
            "/v1/media/bulk", headers: ["Content-Type": "application/json"],
            .text(String(repeating: " ", count: 1000 * 4096 + 65536 + 16385))
        )
        .expectProblem(413, "too_large")
    }
}

extension HTTPClient {
    /// Sends operations that are well-formed.
    ///
    /// - Returns: their results.
    func bulk(_ operations: [String], headers: [String: String] = [:]) throws -> [JSON] {
        let answer = try post(
            "/v1/media/bulk", headers: ["Content-Type": "application/json"].merging(headers) { $1 },
            .text(#"{"operations":[\#(operations.joined(separator: ","))]}"#))
        try #require(answer.status == 200, "\(answer.text)")
        return answer.json["results"]?.array ?? []
    }
}
