package import MediaCore

/// Something that database and store don't agree on.
package struct StoreFinding: Equatable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        /// Something refers to a blob that isn't there, or isn't what it should be: bytes are lost.
        case lostBlob = "lost_blob"
        /// A blob that nothing refers to.
        case orphanBlob = "orphan_blob"
        /// A count of references that isn't the number of them.
        case wrongCount = "wrong_count"
        /// A public record without its link, or a link of a record that isn't public.
        case wrongLink = "wrong_link"
        /// An upload's bytes without the upload.
        case orphanUpload = "orphan_upload"
        /// What a user's files are counted as and what they are.
        case wrongUsage = "wrong_usage"
        /// A file or folder that this service hasn't made. It is never touched.
        case unknown
        /// A blob whose bytes have changed.
        case rot
        /// A blob that can't be read now.
        case unreadable
        /// A blob that can't be brought elsewhere now.
        case unmoved = "not_moved"
    }

    package let kind: Kind
    /// The file, record or user.
    package let subject: String
    package let text: String
    package var isRepaired = false

    package var json: JSON {
        .object([
            .init("kind", .string(kind.rawValue)), .init("subject", .string(subject)), .init("text", .string(text)),
            .init("repaired", .bool(isRepaired)),
        ])
    }
}
