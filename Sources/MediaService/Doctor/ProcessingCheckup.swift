import MediaProcessing

/// The programs that make files ready, and what keeps them apart.
struct ProcessingCheckup {
    private let configuration: Configuration

    init(_ configuration: Configuration) {
        self.configuration = configuration
    }

    private static let programs = [
        ("/usr/bin/ffmpeg", "ffmpeg", "films and sounds"), ("/usr/bin/ffprobe", "ffmpeg", "films and sounds"),
        ("/usr/bin/pdfinfo", "poppler-utils", "documents"), ("/usr/bin/pdftoppm", "poppler-utils", "documents"),
        ("/usr/bin/pdftotext", "poppler-utils", "documents"), ("/usr/bin/prlimit", "util-linux", "anything"),
        ("/usr/bin/setpriv", "util-linux", "anything"),
    ]

    func findings() -> [Finding] {
        guard configuration.text(.processing) == "on" else { return [.ok("processing", "is switched off")] }
        var found = Self.programs.filter { !Program.exists($0.0) }.map { path, package, what in
            Finding.fault(
                "processing", "\(path) is missing, without which nothing is made of \(what)",
                mend: "apt-get install \(package)")
        }
        if !Program.exists(Program.beside("mediad-image")) {
            found.append(
                .fault(
                    "processing", "mediad-image doesn't lie beside mediad: nothing is made of pictures",
                    mend: "Install both programs of one version; deploy/install does."))
        }
        if !Program.exists("/usr/bin/soffice") {
            found.append(
                .warning(
                    "processing", "LibreOffice isn't installed: Office documents have no pages and no text",
                    mend:
                        "apt-get install --no-install-recommends libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui"
                ))
        }
        return found + [sandbox()]
    }

    private func sandbox() -> Finding {
        let asked = Sandbox.Kind(rawValue: configuration.text(.sandbox)) ?? .auto
        do {
            let sandbox = try Sandbox(asked == .limits ? .limits : .bubblewrap)
            return sandbox.hasNamespaces
                ? .ok("sandbox", "programs that read users' files run in namespaces of their own")
                : .ok("sandbox", "programs that read users' files have limits, and no namespaces of their own")
        } catch {
            let mend = "Install bubblewrap, and let this user make namespaces (kernel.unprivileged_userns_clone)."
            return asked == .auto
                ? .warning("sandbox", "programs that read users' files have limits alone: \(error)", mend: mend)
                : .fault("sandbox", "programs that read users' files can't be run: \(error)", mend: mend)
        }
    }
}
