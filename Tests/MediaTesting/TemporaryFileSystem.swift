/// A file system in memory with little room, for tests of a store that is full. Only root can make one.
package final class TemporaryFileSystem: Sendable {
    private let folder: TemporaryFolder

    package var path: String { folder.path }

    /// - Parameter size: as mount takes it, such as `4m`.
    package init(size: String) throws {
        folder = try TemporaryFolder()
        try Command.run("mount", ["-t", "tmpfs", "-o", "size=\(size),mode=0700", "tmpfs", folder.path])
    }

    deinit {
        // What still uses it keeps it until it ends.
        _ = try? Command("umount", ["-l", folder.path])
    }

    package func change(isReadOnly: Bool) throws {
        try Command.run("mount", ["-o", "remount,\(isReadOnly ? "ro" : "rw")", folder.path])
    }
}
