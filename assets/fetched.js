// Bytes by address, fetched once for each content: stands before the script of a component that draws them.

const known = new Map(); // address → promise of its bytes
const MOST = 24; // addresses that are remembered

function fetched(address) {
  if (!address) return Promise.resolve(null);
  if (!known.has(address)) {
    const bytes = fetch(address).then((answer) => {
      if (!answer.ok) throw new Error(`${answer.status}`);
      return answer.arrayBuffer();
    });
    bytes.catch(() => known.delete(address));
    known.set(address, bytes);
    while (known.size > MOST) known.delete(known.keys().next().value);
  }
  return known.get(address);
}

