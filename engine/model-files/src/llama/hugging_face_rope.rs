//! The rotation in a `config.json`. The hub's files have `rope_theta` beside `rope_scaling`; transformers 5 writes both into
//! `rope_parameters`. Gemma 3 has a second base, for layers with a window.

use bonus_llama::RopeScaling;

use super::fields::Fields;

/// What a `config.json` says about the rotation.
pub(super) struct Rotation {
    pub(super) base: f64,
    pub(super) scaling: Option<RopeScaling>,
    /// In layers with a window.
    pub(super) local_base: f64,
}

/// The base in layers with a window where the file does not state it.
pub(super) const USUAL_LOCAL_BASE: f64 = 10_000.0;

/// # Errors
/// If a field is of another type, or asks for a rotation that the model does not compute.
pub(super) fn read(fields: Fields, usual_base: f64) -> Result<Rotation, String> {
    whole_heads(fields)?;
    let base = fields.number("rope_theta")?.unwrap_or(usual_base);
    let local_base = fields.number("rope_local_base_freq")?.unwrap_or(USUAL_LOCAL_BASE);
    let Some(parameters) = fields.object("rope_parameters", "rope_parameters.")? else {
        let scaling = fields.object("rope_scaling", "rope_scaling.")?;
        return Ok(Rotation { base, scaling: scaling.map_or(Ok(None), read_scaling)?, local_base });
    };
    let own_base = |fields: Fields, usual: f64| Ok::<_, String>(fields.number("rope_theta")?.unwrap_or(usual));
    let full = parameters.object("full_attention", "rope_parameters.full_attention.")?;
    let Some(full) = full else {
        return Ok(Rotation { base: own_base(parameters, base)?, scaling: read_scaling(parameters)?, local_base });
    };
    let local = parameters.object("sliding_attention", "rope_parameters.sliding_attention.")?;
    let local_base = match local {
        Some(local) if read_scaling(local)?.is_some() => {
            return Err("rope_parameters.sliding_attention.rope_type is llama3, but must be default".to_string());
        }
        Some(local) => own_base(local, local_base)?,
        None => local_base,
    };
    Ok(Rotation { base: own_base(full, base)?, scaling: read_scaling(full)?, local_base })
}

/// The scaling in an object with a `rope_type`, which is `type` in older files.
fn read_scaling(fields: Fields) -> Result<Option<RopeScaling>, String> {
    whole_heads(fields)?;
    let kind = match fields.text("rope_type")? {
        None => fields.text("type")?,
        kind => kind,
    };
    match kind {
        Some("default") => Ok(None),
        // Nothing but a base.
        None if fields.get("factor").is_none() => Ok(None),
        None => fields.needed("rope_type", None),
        Some("llama3") => {
            let number = |name| fields.needed(name, fields.number(name)?);
            let context = "original_max_position_embeddings";
            Ok(Some(RopeScaling {
                factor: number("factor")?,
                low_freq_factor: number("low_freq_factor")?,
                high_freq_factor: number("high_freq_factor")?,
                original_context_length: fields.needed(context, fields.whole(context)?)?,
            }))
        }
        Some(_) => fields.require("rope_type", kind, "default or llama3").map(|()| None),
    }
}

/// Refuses models that rotate only a part of every head.
fn whole_heads(fields: Fields) -> Result<(), String> {
    fields.require("partial_rotary_factor", fields.number("partial_rotary_factor")?, 1.0)
}
