internal import Glibc

/// A call on the file system that failed.
package struct StorageError: Error, Equatable, CustomStringConvertible {
    /// The C error's number.
    package let code: Int32
    /// What was tried, such as `link`.
    package let operation: String
    package let path: String

    package init(code: Int32, operation: String, path: String) {
        self.code = code
        self.operation = operation
        self.path = path
    }

    /// The error of the call that just failed.
    static func current(_ operation: String, _ path: String) -> StorageError {
        StorageError(code: errno, operation: operation, path: path)
    }

    /// No room is left. The corresponding C errors are `ENOSPC` and `EDQUOT`.
    package var isFull: Bool { code == ENOSPC || code == EDQUOT }

    /// There is no such file. The corresponding C error is `ENOENT`.
    package var isAbsent: Bool { code == ENOENT }

    /// Nothing can be written here now. The corresponding C errors are `EROFS`, `EACCES` and `EPERM`.
    package var isReadOnly: Bool { code == EROFS || code == EACCES || code == EPERM }

    package var description: String { "\(operation) \(path): \(String(cString: strerror(code)))" }
}
