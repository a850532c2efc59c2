import Foundation
import MediaCore
import MediaTesting
import Testing

extension HTTPClient {
    private static let version = ["Tus-Resumable": "1.0.0"]

    /// - Returns: the answer, which names the upload in `Location`.
    func createUpload(
        _ length: Int?, name: String = "lecture.mp4", user: String = "tus", more: [String: String] = [:],
        _ fields: [String: String] = [:], _ body: Body = .none
    ) throws -> HTTPResponse {
        var values = ["filename": name, "userId": user]
        values.merge(more) { $1 }
        let metadata = values.sorted { $0.key < $1.key }
            .map { "\($0.key) \(Data($0.value.utf8).base64EncodedString())" }.joined(separator: ",")
        var headers = Self.version
        headers["Upload-Metadata"] = metadata
        if let length { headers["Upload-Length"] = String(length) }
        headers.merge(fields) { $1 }
        return try send("POST", "/v1/uploads", headers: headers, body)
    }

    /// - Returns: the upload's URL.
    func beginUpload(_ length: Int?, name: String = "lecture.mp4", user: String = "tus") throws -> String {
        let answer = try createUpload(
            length, name: name, user: user, length == nil ? ["Upload-Defer-Length": "1"] : [:])
        try #require(answer.status == 201, "\(answer.text)")
        return try #require(answer["Location"])
    }

    func patchUpload(
        _ url: String, at offset: Int, _ bytes: [UInt8], _ fields: [String: String] = [:]
    ) throws -> HTTPResponse {
        var headers = Self.version
        headers["Content-Type"] = "application/offset+octet-stream"
        headers["Upload-Offset"] = String(offset)
        headers.merge(fields) { $1 }
        return try send("PATCH", url, headers: headers, .bytes(bytes))
    }

    func headUpload(_ url: String) throws -> HTTPResponse { try send("HEAD", url, headers: Self.version) }

    /// Where an upload's bytes end.
    func offset(_ url: String) throws -> Int {
        let answer = try headUpload(url)
        try #require(answer.status == 200, "\(answer.status) \(answer.text)")
        return try #require(answer["Upload-Offset"].flatMap { Int($0) })
    }

    func deleteUpload(_ url: String) throws -> HTTPResponse { try send("DELETE", url, headers: Self.version) }

    /// The file of the record that an answer names.
    func uploadedFile(_ answer: HTTPResponse) throws -> [UInt8] {
        let id = try #require(answer["Media-Id"], "\(answer.status) \(answer.text)")
        return try get("/m/\(id)").body
    }
}
