import MediaCore
import MediaProcessing
import MediaStorage

/// Makes of a document pictures of its first pages, and its text. One that can't be read can be had all the same.
struct ProcessDocument {
    static let steps = ["convert", "describe", "pages"]
    /// Pixels of a page's longer side.
    private static let pageSide = 1280

    let workplace: Workplace

    func run() throws {
        do {
            try make()
        } catch let failure as ToolFailure where failure.isRefusal && !failure.isSignal {
            let reason = failure.lastLines.isEmpty ? failure.description : failure.lastLines
            try workplace.commit(
                .init(
                    replacesAll: workplace.media.status == .processing,
                    details: .object([.init("problem", .string(TextRules.prefix(reason, 500)))]), words: "",
                    isReady: true))
        }
    }

    private func make() throws {
        var (source, made) = (workplace.source, [Workplace.Made]())
        if workplace.media.mimeType != "application/pdf" {
            workplace.report("convert", percent: 0)
            let document = try converted()
            made.append(document)
            source = document.path
        }
        workplace.report("describe", percent: 0)
        let said = try workplace.run("/usr/bin/pdfinfo", ["-enc", "UTF-8", source])
        let facts = Self.facts(String(decoding: said.bytes, as: UTF8.self))
        let pages = Int(facts.first { $0.name == "pages" }?.value.integer ?? 0)
        var words = facts.compactMap(\.value.string).joined(separator: " ")
        if let text = try text(source) {
            made.append(text)
            // Words are shorter than what stands between them.
            let bytes = try LocalStorage.bytes(
                ofMade: text.path, limit: 4 * workplace.configuration.number(.searchBytes))
            words += " " + String(decoding: bytes, as: UTF8.self)
        }
        let count = min(pages, workplace.configuration.number(.documentPages))
        for number in stride(from: 1, through: count, by: 1) {
            workplace.report("pages", percent: (number - 1) * 100 / count)
            made += try page(number, source)
        }
        try workplace.commit(
            .init(
                made: made, replacesAll: true, details: .object(facts + [.init("problem", .null)]), words: words,
                isReady: true))
    }

    /// As a PDF, by LibreOffice.
    private func converted() throws -> Workplace.Made {
        let program = "/usr/bin/soffice"
        guard Program.exists(program) else {
            throw ToolFailure(
                kind: .exit(127), program: "soffice", lastLines: "LibreOffice isn't installed on this host.")
        }
        let profile = "-env:UserInstallation=file://\(workplace.folder)/profile"
        let said = try workplace.run(
            program,
            [
                profile, "--headless", "--norestore", "--nolockcheck", "--convert-to", "pdf", "--outdir",
                workplace.folder,
                workplace.source,
            ])
        let path = "\(workplace.folder)/source.pdf"
        guard LocalStorage.hasFile(path) else {
            throw ToolFailure(
                kind: .exit(1), program: "soffice",
                lastLines: said.errors.split(separator: "\n").last.map(String.init) ?? "The document can't be read.")
        }
        return .init(
            variant: MediaVariant(name: "document", fileExtension: "pdf", mimeType: "application/pdf", size: 0),
            path: path)
    }

    private func text(_ source: String) throws -> Workplace.Made? {
        let path = "\(workplace.folder)/text.txt"
        _ = try workplace.run("/usr/bin/pdftotext", ["-enc", "UTF-8", "-nopgbrk", source, path])
        guard LocalStorage.fileSize(path) > 0 else { return nil }
        return .init(
            variant: MediaVariant(name: "text", fileExtension: "txt", mimeType: "text/plain", size: 0), path: path)
    }

    private func page(_ number: Int, _ source: String) throws -> [Workplace.Made] {
        let stem = "\(workplace.folder)/page-\(number)"
        _ = try workplace.run(
            "/usr/bin/pdftoppm",
            [
                "-jpeg", "-jpegopt", "quality=80", "-scale-to", "\(Self.pageSide)", "-f", "\(number)", "-l",
                "\(number)",
                "-singlefile", source, stem,
            ])
        let path = stem + ".jpg"
        guard LocalStorage.hasFile(path) else { return [] }
        let page = Workplace.Made(
            variant: MediaVariant(name: "page-\(number)", fileExtension: "jpg", mimeType: "image/jpeg", size: 0),
            path: path)
        return [page] + (number == 1 ? try workplace.pictures(of: path) : [])
    }

    /// What pdfinfo says.
    static func facts(_ text: String) -> [JSON.Member] {
        func value(_ name: String) -> String? {
            let line = text.split(separator: "\n").first { $0.hasPrefix("\(name):") }
            let value = line.map { $0.dropFirst(name.count + 1).drop { $0 == " " } }.map(String.init)
            return value.flatMap { $0.isEmpty ? nil : TextRules.prefix($0, 500) }
        }
        var facts: [JSON.Member] = [.init("pages", value("Pages").flatMap { Int64($0) }.map(JSON.integer) ?? .null)]
        for (name, key) in [("Title", "title"), ("Author", "author"), ("Subject", "subject"), ("Keywords", "keywords")]
        {
            if let text = value(name) { facts.append(.init(key, .string(text))) }
        }
        let sides = value("Page size")?.split(separator: " ").compactMap { Double($0) } ?? []
        if sides.count >= 2, let width = Int64(nearest: sides[0]), let height = Int64(nearest: sides[1]) {
            facts += [.init("width", .integer(width)), .init("height", .integer(height))]
        }
        return facts
    }
}
