/** The version of this package, which that of a released addon must equal. In a bundle there is no manifest to read. */
export const VERSION = "0.1.0";
