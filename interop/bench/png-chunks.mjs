// png-chunks-extract and png-chunks-encode: a credential in the iTXt chunk of a
// picture of 29 kB, as Open Badges 3.0 section 5.3.1 wants it.
import {badges} from './badges.mjs';
import {deflateSync} from 'node:zlib';
import encode from 'png-chunks-encode';
import extract from 'png-chunks-extract';
import {randomBytes} from 'node:crypto';

const keyword = 'openbadgecredential';
const before = Buffer.concat([Buffer.from(keyword), Buffer.alloc(5)]); // uncompressed, no language

// picture is 100 by 96 points of noise.
function picture() {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(100, 0);
  head.writeUInt32BE(96, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const points = Buffer.concat(Array.from({length: 96}, () => Buffer.concat([Buffer.alloc(1), randomBytes(300)])));
  return encode([{name: 'IHDR', data: head}, {name: 'IDAT', data: deflateSync(points)}, {name: 'IEND', data: new Uint8Array(0)}]);
}

// bakeInto puts the credential before the last of the chunks, which has no data.
function bakeInto(chunks, text) {
  return encode([...chunks.slice(0, -1), {name: 'iTXt', data: Buffer.concat([before, Buffer.from(text)])}, chunks.at(-1)]);
}
const bake = (file, text) => bakeInto(extract(file), text);

export const works = {
  'PNG/bake': async text => {
    const all = badges(text, 'did:web:uni.example');
    const file = picture();
    return i => bake(file, all[i % all.length]);
  },
  'PNG/again': async text => {
    const all = badges(text, 'did:web:uni.example');
    const chunks = extract(picture());
    return i => bakeInto(chunks, all[i % all.length]);
  },
  'PNG/read': async text => {
    const file = picture();
    const baked = badges(text, 'did:web:uni.example').map(badge => bake(file, badge));
    return i => {
      const {data} = extract(baked[i % baked.length]).find(c => c.name === 'iTXt');
      const found = Buffer.from(data.buffer, data.byteOffset + before.length, data.length - before.length).toString();
      if(!found.startsWith('{')) {
        throw new Error('the credential was lost');
      }
    };
  }
};
