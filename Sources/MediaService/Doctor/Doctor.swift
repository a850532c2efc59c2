/// Looks at all that operation needs, and says the mend for what is wrong.
///
/// It only looks: what it writes to find out whether it can be written, it takes away again.
package struct Doctor {
    private let configuration: Configuration
    private let nginxFolder: String?

    /// - Parameter nginxFolder: where `mediad nginx` has written to; nil: where Debian's nginx has it, if it is there.
    package init(_ configuration: Configuration, nginxFolder: String?) {
        self.configuration = configuration
        self.nginxFolder = nginxFolder
    }

    /// What was found, in the order in which it is to be mended.
    package func findings() -> [Finding] {
        let services = ServiceProcesses(configuration)
        return DatabaseCheckup(configuration).findings() + StoreCheckup(configuration, services).findings()
            + RemoteStoreCheckup(configuration).findings() + services.findings()
            + NginxCheckup(configuration, services, folder: nginxFolder).findings()
            + CertificateCheckup(configuration).findings() + AccessCheckup(configuration).findings()
            + ProcessingCheckup(configuration).findings() + EventCheckup(configuration).findings()
            + HostCheckup(services).findings()
    }
}
