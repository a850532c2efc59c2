import Crypto
import Foundation
import MediaTesting
import Testing

/// Uploads that say what their content's hash is (RFC 9530).
struct UploadDigestTests {
    private let client: HTTPClient

    init() throws {
        client = try SharedInstance.client()
    }

    @Test("digests that fit, also of algorithms that aren't known", arguments: ["Content-Digest", "Repr-Digest"])
    func digests(field: String) throws {
        let bytes = Samples.text("digest \(field)")
        let short = Data(SHA256.hash(data: bytes)).base64EncodedString()
        let long = Data(SHA512.hash(data: bytes)).base64EncodedString()
        let value = "sha-256=:\(short):, sha-512=:\(long):, md5=:AAAA:"
        let answer = try client.post("/v1/media?userId=digest&name=a.txt", headers: [field: value], .bytes(bytes))
        #expect(answer.status == 201, "\(answer.text)")
        #expect(answer.string("sha256") == SHA256.hash(data: bytes).map { String(byte: $0) }.joined())
    }

    @Test("a digest of a form's part and one of the whole form")
    func formDigests() throws {
        let bytes = Samples.text("part digest")
        let digest = Data(SHA256.hash(data: bytes)).base64EncodedString()
        var form = MultipartBody()
        form.add(field: "userId", "digest")
        let disposition = #"Content-Disposition: form-data; name="file"; filename="a.txt""#
        form.add(header: "\(disposition)\r\nContent-Digest: sha-256=:\(digest):", bytes)
        let whole = Data(SHA512.hash(data: form.closed)).base64EncodedString()
        let answer = try client.post(
            "/v1/media", headers: ["Content-Type": form.contentType, "Content-Digest": "sha-512=:\(whole):"],
            .bytes(form.closed))
        #expect(answer.status == 201, "\(answer.text)")
    }
}

extension String {
    /// Two hexadecimal digits.
    fileprivate init(byte: UInt8) {
        self = (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}
