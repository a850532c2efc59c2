import MediaCore
@testable import MediaService
import Testing

struct MediaAttributesTests {
    private func attributes(_ texts: [String: String], limit: Int = 1000) throws(Problem) -> MediaAttributes {
        try MediaAttributes(texts: texts, metadataLimit: limit, caller: .anonymous)
    }

    private func errors(_ texts: [String: String], limit: Int = 1000) -> [String: String] {
        let problem = #expect(throws: Problem.self) { try attributes(texts, limit: limit) }
        return Dictionary((problem?.errors ?? []).map { ($0.field, $0.reason) }) { $0 + $1 }
    }

    @Test("a user is enough; all else is unset")
    func least() throws {
        let attributes = try attributes(["userId": "u"])
        #expect(attributes.userID == "u" && !attributes.isPublic)
        #expect(attributes.entityID == nil && attributes.entityType == nil)
        #expect(attributes.metadata == nil && attributes.title == nil)
    }

    @Test("everything set")
    func all() throws {
        let attributes = try attributes([
            "userId": "u", "entityType": "lesson", "entityId": "7", "isPublic": "true", "title": "ü",
            "metadata": #"{"b":1,"a":2}"#,
        ])
        #expect(attributes.entityType == "lesson" && attributes.entityID == "7")
        #expect(attributes.isPublic && attributes.title == "ü" && attributes.metadata?.text == #"{"b":1,"a":2}"#)
    }

    @Test("words for yes and no", arguments: [("true", true), ("1", true), ("false", false), ("0", false)])
    func words(text: String, value: Bool) throws {
        #expect(try attributes(["userId": "u", "isPublic": text]).isPublic == value)
    }

    @Test("metadata that is null is none")
    func null() throws {
        #expect(try attributes(["userId": "u", "metadata": "null"]).metadata == nil)
    }

    @Test("lengths count characters and hold at their limit")
    func lengths() throws {
        for (name, limit) in [("userId", 191), ("entityId", 191), ("entityType", 64), ("title", 255)] {
            var texts = ["userId": "u", "entityId": "e", "entityType": "t"]
            texts[name] = String(repeating: "ü", count: limit)
            _ = try attributes(texts)
            texts[name] = String(repeating: "ü", count: limit + 1)
            #expect(errors(texts) == [name: "must not be longer than \(limit) characters"])
        }
    }

    @Test("ids that no URL could reach are refused", arguments: [".", "..", "a/b", "/"])
    func segments(text: String) {
        for name in ["userId", "entityId", "entityType"] {
            var texts = ["userId": "u", "entityId": "e", "entityType": "t"]
            texts[name] = text
            #expect(errors(texts) == [name: "must not be '.' or '..' and must not contain '/'"])
        }
    }

    @Test("metadata's length and depth hold at their limit")
    func metadata() throws {
        let long = "{\"a\":\"\(String(repeating: "x", count: 92))\"}"
        _ = try attributes(["userId": "u", "metadata": long], limit: 100)
        #expect(
            errors(["userId": "u", "metadata": long], limit: 99) == ["metadata": "must not be longer than 99 bytes"])
        func deep(_ depth: Int) -> String {
            "{\"a\":" + String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1) + "}"
        }
        _ = try attributes(["userId": "u", "metadata": deep(16)])
        #expect(errors(["userId": "u", "metadata": deep(17)])["metadata"]?.hasPrefix("is no JSON") == true)
    }

    @Test("all faults at once")
    func faults() {
        let found = errors(["entityId": "e", "isPublic": "ja", "title": "", "metadata": "[]"])
        #expect(Set(found.keys) == ["userId", "entityType", "isPublic", "title", "metadata"])
        #expect(found["userId"] == "must be given")
    }
}
