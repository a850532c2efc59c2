import Foundation

/// Programs from PyPI that the tests use; deploy/test installs them.
package enum TestTools {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../.build/test-tools/bin").standardized.path

    /// The path of one of them.
    package static func path(_ name: String) throws -> String {
        let path = "\(folder)/\(name)"
        guard access(path, X_OK) == 0 else { throw TestFailure("\(path) is missing; deploy/test installs it") }
        return path
    }
}
