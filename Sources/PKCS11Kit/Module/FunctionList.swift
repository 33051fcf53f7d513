internal import CPKCS11
internal import Glibc

/// The functions of a module that was loaded into the process; it stays there.
struct FunctionList: @unchecked Sendable {  // constant memory of a module that is never unloaded
    let functions: UnsafeMutablePointer<ck_function_list>

    /// - Throws: ``PKCS11Error`` of kind `module` when the file is missing, cannot be loaded, or is no module.
    init(loading path: String) throws(PKCS11Error) {
        // Local, so that its symbols do not meet the program's own.
        guard let library = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            let reason = dlerror().map { String(cString: $0) } ?? "no reason given"
            throw PKCS11Error(.module, during: "dlopen", "the module \(path) cannot be loaded: \(reason)")
        }
        guard let symbol = dlsym(library, "C_GetFunctionList") else {
            throw PKCS11Error(.module, during: "dlsym", "\(path) is not a PKCS #11 module")
        }
        let entry = unsafeBitCast(symbol, to: CK_C_GetFunctionList.self)
        var functions: UnsafeMutablePointer<ck_function_list>?
        let answer = ReturnCode(value: entry(&functions))
        guard answer.value == CKR_OK, let functions else {
            throw PKCS11Error(
                .module,
                during: "C_GetFunctionList",
                code: answer.name,
                "\(path) does not give its functions"
            )
        }
        guard functions.pointee.version.major == 2 else {
            throw PKCS11Error(
                .module,
                during: "C_GetFunctionList",
                "\(path) offers version \(functions.pointee.version.major) of the interface; version 2 is needed"
            )
        }
        guard Self.isComplete(functions.pointee) else {
            throw PKCS11Error(.module, during: "C_GetFunctionList", "\(path) lacks functions that every module has")
        }
        self.functions = functions
    }

    private static func isComplete(_ list: ck_function_list) -> Bool {
        list.C_Initialize != nil && list.C_Finalize != nil && list.C_GetSlotList != nil && list.C_GetTokenInfo != nil
            && list.C_OpenSession != nil && list.C_CloseSession != nil && list.C_Login != nil
            && list.C_FindObjectsInit != nil && list.C_FindObjects != nil && list.C_FindObjectsFinal != nil
            && list.C_GetAttributeValue != nil && list.C_GenerateKeyPair != nil && list.C_DestroyObject != nil
            && list.C_SignInit != nil && list.C_Sign != nil && list.C_GetMechanismInfo != nil
    }

    /// Calls one of them.
    ///
    /// - Throws: ``PKCS11Error`` when it returns anything but `CKR_OK`.
    func call(_ name: String, _ body: (borrowing ck_function_list) -> ck_rv_t) throws(PKCS11Error) {
        let answer = ReturnCode(value: body(self.functions.pointee))
        guard answer.value == CKR_OK else { throw PKCS11Error(answer, during: name) }
    }
}
