/// A request to a store elsewhere that has failed for good.
package struct RemoteStorageError: StorageFailure, Equatable {
    package enum Kind: String, Sendable {
        case absent
        /// The credentials are refused, or don't allow it.
        case denied
        /// It can't be reached, is too slow, or asks to come back later.
        case unavailable
        /// It is there already, or has changed.
        case conflict
        /// What came is not what should have come.
        case damaged
        /// The store is set up wrongly, or says what this service doesn't expect.
        case unexpected
    }

    package let store: String
    package let kind: Kind
    /// Such as `PUT ab/cd/…`.
    package let operation: String
    /// The answer's; 0 where none came.
    package let status: Int
    /// The provider's own name for it, and its request's id, for whoever asks it.
    package let detail: String

    package var isAbsent: Bool { kind == .absent }
    package var isTransient: Bool { kind == .unavailable }

    package var description: String {
        "store \(store): \(operation): \(kind.rawValue)" + (status > 0 ? " (\(status))" : "") + ", \(detail)"
    }
}
