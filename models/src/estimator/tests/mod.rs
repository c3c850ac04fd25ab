mod following;
mod robustness;
mod theatre;
