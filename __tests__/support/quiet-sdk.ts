// Tests run on older releases of Node as well; tap says the same for itself, in runProgram.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
