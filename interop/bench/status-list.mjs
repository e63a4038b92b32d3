// @digitalbazaar/vc-bitstring-status-list: a list of the least size, with one entry
// in a hundred set.
import {createList, decodeList} from '@digitalbazaar/vc-bitstring-status-list';

const entries = 131072;

async function list() {
  const l = await createList({length: entries});
  for(let i = 0, at = 1; i < entries / 100; i++) {
    at = (at * 75 + 74) % 65537; // so that the entries lie anywhere
    l.setStatus(2 * (at % 65536) + i % 2, true);
  }
  return l;
}

export const works = {
  'StatusList/encode': async () => {
    const l = await list();
    return () => l.encode();
  },
  'StatusList/decode': async () => {
    const encodedList = await (await list()).encode();
    return async () => {
      if((await decodeList({encodedList})).length !== entries) {
        throw new Error('entries were lost');
      }
    };
  }
};
