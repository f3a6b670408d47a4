/**
 * Words that keys and secrets are made of in documentation, examples and haste. Not a dictionary: what
 * "your-jwt-secret", "change-me-in-production" and "mcp_test_key_1" consist of.
 *
 * None is shorter than three letters: shorter ones stand in random text too often.
 */
const WORDS = `
  access account acme action admin administrator agent and api app application auth authentication
  authorization backend bar bat battery baz bearer before bit bits build business byte bytes cat change
  changeit changeme changethis char character characters chars
  client code company config cookie correct
  credential credentials customer data database debug default demo deploy dev developer development docs
  dragon dummy edit encryption enter env environment example express fake fill find first fixme foo
  foobar football for framework from frontend gateway generate generated get github gitlab google guest
  hash header hello here hidden hmac horse html http https iloveyou insert insecure internal issuer json
  jwt key keyboard knows known least length letmein live local localhost login long longer lorem
  ipsum main make manager master mcp minimum model mongo monkey more must mysql name native need never
  new next node nobody not number oauth old one only openai org organization our owner partner pass
  passphrase passw0rd passwd password personal pet placeholder please postgres private prod
  production project protocol provider public put random real redis refresh remove replace replaceme root
  safe salt sample secret secure security server service session set sha shared should sign
  signature signing simple some something staging staple start static store string strong super support
  symmetric system team temp temporary test tester testing tests text than that the then this three todo
  token tool top two unknown use used user username value very web webhook welcome with
  word work world write you your yours
  qwerty qwertyuiop qwertz azerty asdf asdfgh asdfghjkl zxcv zxcvbn zxcvbnm qazwsx
  1q2w3e 1q2w3e4r 1q2w3e4r5t 1qaz2wsx q1w2e3 zaq12wsx
`
  .trim()
  .split(/\s+/);

/** Branches of a node: letters without regard to case, and digits. */
const BRANCHES = 36;

/** The branch of each byte, -1 for those that stand in no word. */
const branchOf = Int8Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte).toLowerCase();
  return /^[a-z0-9]$/.test(character) ? Number.parseInt(character, BRANCHES) : -1;
});

/** The words as a tree: for each node and branch the next node, 0 for none. */
const tree = new Uint16Array(BRANCHES * (1 + WORDS.join("").length));
const endsWord = [false];
for (const word of WORDS) {
  let node = 0;
  for (let index = 0; index < word.length; index += 1) {
    const place = node * BRANCHES + branchOf[word.charCodeAt(index)];
    if (tree[place] === 0) {
      tree[place] = endsWord.push(false) - 1;
    }
    node = tree[place];
  }
  endsWord[node] = true;
}

/**
 * Length of the longest familiar word that begins at a position, in whatever case; 0 if none does.
 *
 * @param {Uint8Array} bytes
 * @param {number} position
 * @param {number} end where the text ends
 */
export function familiarLength(bytes, position, end) {
  let node = 0;
  let longest = 0;
  for (let index = position; index < end; index += 1) {
    const branch = branchOf[bytes[index]];
    node = branch < 0 ? 0 : tree[node * BRANCHES + branch];
    if (node === 0) {
      break;
    }
    if (endsWord[node]) {
      longest = index + 1 - position;
    }
  }
  return longest;
}
