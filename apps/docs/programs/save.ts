// #region save
import { Key, setup } from '@dgm/core';
import { loadModel, saveModel } from '@dgm/core/node';
import * as flows from '@dgm/flows';

await setup();
const model = flows.realNvp({ dims: 2, hidden: [8], key: Key.of(0) });
await saveModel(model, 'moons.dgm');
const { model: again } = await loadModel<flows.Flow>('moons.dgm', { packages: [flows] });

const [one, other] = [model.sample(Key.of(1), 3), again.sample(Key.of(1), 3)];
console.log(one.dataSync().every((value, index) => value === other.dataSync()[index]));
// #endregion save
model.dispose();
again.dispose();
one.dispose();
other.dispose();
