import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import path from "node:path";

/**
 * What is installed around this package, and no further. `require` of a name would go on to the root of the file
 * system, to NODE_PATH, to two folders of the home folder and to one of Node's prefix, and run what lies there.
 */

/** The manifest in a folder; `undefined` if there is none that can be read. */
export function manifestIn(folder) {
  try {
    return JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  } catch {
    return undefined;
  }
}

/** A folder or file in the `node_modules` of a folder, or of one above it within the same installation. */
export function findInstalled(name, folder) {
  return moduleFolders(folder)
    .map((modules) => path.join(modules, name))
    .find((candidate) => existsSync(candidate));
}

/** The `node_modules` of an installation, from those of a folder up. */
function moduleFolders(start) {
  const root = installationRoot(start);
  const folders = [start, ...foldersAbove(start)];
  const inside = folders.slice(0, folders.indexOf(root) + 1);
  // Linked there: a package of a workspace, whose dependencies may be in the `node_modules` of the whole.
  const linking = folders.slice(inside.length, -1).find((folder) => links(folder, root));
  return [...inside, ...(linking === undefined ? [] : [linking])].map((folder) =>
    path.join(folder, "node_modules"),
  );
}

function foldersAbove(folder) {
  const parent = path.dirname(folder);
  return parent === folder ? [] : [parent, ...foldersAbove(parent)];
}

/** The folder of the outermost `node_modules` that holds the start; otherwise that of the package around the start. */
function installationRoot(start) {
  const parts = start.split(path.sep);
  const outermost = parts.indexOf("node_modules");
  if (outermost > 0) {
    return parts.slice(0, outermost).join(path.sep) || path.parse(start).root;
  }
  // Manifests without a name are those that builds write to set `type`.
  return [start, ...foldersAbove(start)].find((folder) => manifestIn(folder)?.name !== undefined) ?? start;
}

/** Whether `node_modules` of a folder has a link to a package below it. Others could put one where they may write. */
function links(folder, root) {
  const modules = path.join(folder, "node_modules");
  try {
    const { name } = manifestIn(root) ?? {};
    return (
      typeof name === "string" &&
      [folder, modules].every((each) => isOwnersAlone(each, root)) &&
      realpathSync(path.join(modules, name)) === realpathSync(root)
    );
  } catch {
    // No such link, or nothing that may be read (Node's permission model).
    return false;
  }
}

/** Whether a folder is for the owner of another to change, or for root, and not for everybody. */
function isOwnersAlone(folder, other) {
  if (process.platform === "win32") {
    // Modes and owners say nothing there.
    return true;
  }
  const { uid, mode } = statSync(folder);
  return (mode & 0o002) === 0 && [0, statSync(other).uid].includes(uid);
}
