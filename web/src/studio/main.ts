import '../style/base.css';
import '../style/controls.css';
import '../style/intro.css';
import '../style/stage.css';
import '../style/results.css';
import { App } from './app';

const root = document.querySelector<HTMLElement>('#studio');
if (root) new App(root);
