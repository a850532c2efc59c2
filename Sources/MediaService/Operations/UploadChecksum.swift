import Crypto
import FoundationEssentials
import MediaCore

/// `Upload-Checksum`: what the bytes of one request have to be (tus 1.0, Checksum).
struct UploadChecksum {
    /// As `Tus-Checksum-Algorithm` names them.
    enum Algorithm: String, CaseIterable {
        case sha1, sha256, md5, crc32c
    }

    let algorithm: Algorithm
    let value: [UInt8]

    /// - Throws: 400 for an algorithm that isn't known here, or what is no checksum.
    init(_ text: String) throws(Problem) {
        let words = text.split(separator: " ")
        guard words.count == 2, let data = Data(base64Encoded: String(words[1])) else {
            throw .invalid("Upload-Checksum", "must be an algorithm and a checksum in base 64")
        }
        guard let algorithm = Algorithm(rawValue: String(words[0])) else {
            let known = Algorithm.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid("Upload-Checksum", "the algorithm must be one of \(known)")
        }
        self.algorithm = algorithm
        value = Array(data)
    }

    /// Takes bytes in turn and says what they come to.
    struct Digester {
        private enum State {
            case sha1(Insecure.SHA1)
            case sha256(SHA256)
            case md5(Insecure.MD5)
            case crc32c(CRC32C)
        }

        private var state: State

        init(_ algorithm: Algorithm) {
            state =
                switch algorithm {
                case .sha1: .sha1(Insecure.SHA1())
                case .sha256: .sha256(SHA256())
                case .md5: .md5(Insecure.MD5())
                case .crc32c: .crc32c(CRC32C())
                }
        }

        mutating func update(_ bytes: UnsafeRawBufferPointer) {
            switch state {
            case .sha1(var hash):
                hash.update(bufferPointer: bytes)
                state = .sha1(hash)
            case .sha256(var hash):
                hash.update(bufferPointer: bytes)
                state = .sha256(hash)
            case .md5(var hash):
                hash.update(bufferPointer: bytes)
                state = .md5(hash)
            case .crc32c(var hash):
                hash.update(bytes)
                state = .crc32c(hash)
            }
        }

        /// Big-endian, where it is a number.
        var value: [UInt8] {
            switch state {
            case .sha1(let hash): Array(hash.finalize())
            case .sha256(let hash): Array(hash.finalize())
            case .md5(let hash): Array(hash.finalize())
            case .crc32c(let hash): hash.value
            }
        }
    }
}
