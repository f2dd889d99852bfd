/** What `dgm-bench run --help` prints. */
export const help = `Trains models on one data set and reports what they reached.

  npm run bench -- [run] [options]

What to train
  --models NAMES       names with commas between, or "all" (default)
  --dataset NAME       glyphs (default), digits, binarized-digits (ink or none), mnist, binarized-mnist,
                       fashion-mnist, cifar10;
                       on the plane two-moons, rings, checkerboard, gaussian-mixture; tables csv, miniboone
  --data-dir DIR       the folder of the data files, or the CSV file of a table; also DGM_DATA_DIR
  --seed INTEGER       decides initial weights, order of the data and every draw (default 0)

How long
  --epochs INTEGER     the most epochs; early stopping may end before
  --max-seconds NUMBER the most seconds of training for each model (default 8, or no limit with --epochs)
  --importance-samples INTEGER  for the likelihoods of models with a bound (default 50 where nothing is said about
                       how long; else the family's own number)
  --quick              2 epochs on a small part of the data: checks that everything works

On what
  --engine NAME        compiled: whole training steps in ONNX Runtime; eager: TensorFlow.js, op by op;
                       auto (default): compiled where that works, else eager, and a line says why
  --device NAME        auto (default); eager: tensorflow, wasm, cpu; compiled: cpu, webgpu, cuda
  --shard K/N          only the K-th of N parts of the models, for N machines; then merge

Where to
  --out DIR            results.json, report.html, pictures and checkpoints (default out)
  --resume             go on with the run that was interrupted in --out
  -h, --help           print this

Other commands: compare (against PyTorch; compare --help), merge (the parts of --shard; merge --help), text (characters of a file; text --help),
doctor (what works on this machine).

Without options it trains every model for 8 seconds on glyphs.
The exit status is 0 if every model was trained, 1 if one failed, 2 for a wrong command line, 130 after an interrupt.`;
